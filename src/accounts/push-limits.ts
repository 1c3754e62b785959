/** How often requests may be pushed in the name of clients that do not authenticate, which anybody can: each takes a row for a while. */
import type { Clock } from '../base/clock.ts'
import type { CounterStore } from '../store/store.ts'
import { createLimiter } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'

export interface PushLimits {
  /** Before a request takes its row. @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds` */
  beginPush(address: string): Promise<void>
}

export function createPushLimits(parts: {
  counters: CounterStore
  limits: { requestsPerNetwork: number; windowSeconds: number }
  key: Buffer
  now: Clock
}): PushLimits {
  const { counters, limits, key, now } = parts
  const take = networkLimiter(createLimiter({ counters, windowSeconds: limits.windowSeconds, now }), key)
  return {
    async beginPush(address) {
      await take('pushed-request', address, limits.requestsPerNetwork)
    },
  }
}
