/**
 * How often codes of devices may be asked for, typed and polled.
 *
 * A user code has 8 letters out of 20: 20^8 = 2.56e10, which is 34.6 bits (RFC 8628 s5.1 and s6.1). With a thousand codes alive at once one
 * guess in 2.56e7 hits one of them. A network has `attemptsPerNetwork` guesses in a window, everybody together `attemptsOverall` before each
 * network's limit shrinks to `fewest`: a thousand networks that guess without pause then need 37 days for an even chance to hit anything, and
 * what they hit is a device that they may sign in as themselves. Nobody is hindered by strangers elsewhere: under whatever flood, a person's
 * first codes from a network of their own are looked up.
 */
import type { Clock } from '../base/clock.ts'
import { keyedDigest } from '../crypto/derive.ts'
import type { CounterStore } from '../store/store.ts'
import { createLimiter } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'

export interface DeviceLimits {
  /** Before a device gets a code, which takes a row. @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds` */
  beginRequest(address: string): Promise<void>
  /** Before a code that somebody typed is looked up, be it right or wrong. @throws Refusal as above */
  beginEntry(address: string): Promise<void>
  /** Whether a device asks again before the interval is over (RFC 8628 s3.5). */
  polledTooSoon(deviceCode: string): Promise<boolean>
}

export interface DeviceLimitSettings {
  requestsPerNetwork: number
  attemptsPerNetwork: number
  attemptsOverall: number
  windowSeconds: number
}

/** What a network has left while everybody together guesses too much: a person mistypes once or twice. */
const fewest = 5
/** RFC 8628 s3.2: the least time between two polls, said to the device. */
export const pollIntervalSeconds = 5
/** A second less than is said: polls that left five seconds apart may arrive a little closer. */
const shortestIntervalSeconds = pollIntervalSeconds - 1

export function createDeviceLimits(parts: {
  counters: CounterStore
  limits: DeviceLimitSettings
  key: Buffer
  now: Clock
}): DeviceLimits {
  const { counters, limits, key, now } = parts
  const limiter = createLimiter({ counters, windowSeconds: limits.windowSeconds, now })
  const polls = createLimiter({ counters, windowSeconds: shortestIntervalSeconds, now })
  const take = networkLimiter(limiter, key)

  return {
    async beginRequest(address) {
      await take('device-request', address, limits.requestsPerNetwork)
    },
    async beginEntry(address) {
      const counts = await take('device-entry', address, limits.attemptsPerNetwork)
      // Only what its own limit let through counts for everybody, or one network that goes on after its refusals would shrink all others'.
      const { count } = await limiter.count('device-entry')
      if (count > limits.attemptsOverall) for (const { taken, times } of counts) limiter.hold(taken, times * fewest)
    },
    async polledTooSoon(deviceCode) {
      const { count } = await polls.count(`device-poll:${keyedDigest(key, deviceCode)}`)
      return count > 1
    },
  }
}
