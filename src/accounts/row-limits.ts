/** How often strangers of one network may cause what takes a row for a while. */
import type { Clock } from '../base/clock.ts'
import type { CounterStore } from '../store/store.ts'
import { createLimiter } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'

/** Before a row is taken. @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds` */
export type RowLimit = (address: string) => Promise<void>

/** @param what is counted, apart from everything else */
export function createRowLimit(
  what: string,
  parts: {
    counters: CounterStore
    limits: { requestsPerNetwork: number; windowSeconds: number }
    key: Buffer
    now: Clock
  },
): RowLimit {
  const { counters, limits, key, now } = parts
  const take = networkLimiter(createLimiter({ counters, windowSeconds: limits.windowSeconds, now }), key)
  return async (address) => {
    await take(what, address, limits.requestsPerNetwork)
  }
}
