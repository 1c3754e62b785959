/**
 * Guessing is slowed, nobody is locked out: an attempt is counted before the password is looked at (so that a hundred at once
 * do not pass a limit of ten), per person and network, and per network over all persons. A stranger who guesses at someone's
 * account from elsewhere does not use up that person's own attempts.
 */
import type { Clock } from '../base/clock.ts'
import { keyedDigest } from '../crypto/derive.ts'
import type { CounterStore } from '../store/store.ts'
import { possibleEmailKey } from './email.ts'
import { createLimiter } from './limiter.ts'
import { networkOf, siteOf } from './networks.ts'

export interface Attempts {
  /** @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds` */
  begin(email: string, address: string): Promise<void>
  /** After the right password: this person starts afresh from here. */
  succeeded(email: string, address: string): Promise<void>
}

export interface AttemptLimits {
  attemptsPerAccount: number
  attemptsPerNetwork: number
  windowSeconds: number
}

export function createAttempts({
  counters,
  limits,
  key,
  now,
}: {
  counters: CounterStore
  limits: AttemptLimits
  key: Buffer
  now: Clock
}): Attempts {
  const limiter = createLimiter({ counters, windowSeconds: limits.windowSeconds, now })
  // As the account is found, so that another spelling of an address is no fresh set of attempts.
  const person = (email: string, address: string) =>
    `sign-in:${keyedDigest(key, `${possibleEmailKey(email) ?? email}\n${networkOf(address)}`)}`
  const network = (address: string) => `sign-in-from:${keyedDigest(key, networkOf(address))}`

  return {
    async begin(email, address) {
      await limiter.take(network(address), limits.attemptsPerNetwork)
      await limiter.take(person(email, address), limits.attemptsPerAccount)
      // A /48 is what one subscriber may be given whole: 65,536 networks, which together get ten times one's attempts.
      const site = siteOf(address)
      if (!site) return
      await limiter.take(network(site), 10 * limits.attemptsPerNetwork)
      await limiter.take(person(email, site), 10 * limits.attemptsPerAccount)
    },
    succeeded: (email, address) => limiter.clear(person(email, address)),
  }
}
