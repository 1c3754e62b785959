/** How often something may happen within a window of time. What is counted is counted before it happens, so that a hundred at once do not pass a limit of ten. */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { CounterStore } from '../store/store.ts'

/** How many there were within the window, the last one included, and when it ends. */
export interface Count {
  name: string
  count: number
  endsAt: number
}

export interface Limiter {
  /** Adds one. */
  count(name: string): Promise<Count>
  /** Adds one. @param advice what else can be done than wait, a sentence @throws Refusal as `hold` */
  take(name: string, limit: number, advice?: string): Promise<Count>
  /** Adds nothing. @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds`, beyond the limit */
  hold(taken: Count, limit: number): void
  /** What was counted did not happen, or is none of what is limited. */
  giveBack(taken: Count): Promise<void>
}

export function createLimiter(parts: { counters: CounterStore; windowSeconds: number; now: Clock }): Limiter {
  const { counters, windowSeconds, now } = parts
  const count = async (name: string) => ({ name, ...(await counters.hit(name, windowSeconds)) })
  const hold = (taken: Count, limit: number, advice?: string) => {
    if (taken.count > limit) throw tooMany(Math.max(1, taken.endsAt - now()), advice)
  }
  return {
    count,
    hold,
    async take(name, limit, advice) {
      const taken = await count(name)
      hold(taken, limit, advice)
      return taken
    },
    giveBack: ({ name, endsAt }) => counters.takeBack(name, endsAt),
  }
}

/** @returns what is to be waited, in words, e.g. `14 minutes`: a started one counts whole */
export function minutesOf(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}

function tooMany(retryAfterSeconds: number, advice?: string): Refusal {
  const sentence = `Too many attempts. Please wait ${minutesOf(retryAfterSeconds)} and try again.`
  return new Refusal('too_many_attempts', advice ? `${sentence} ${advice}` : sentence, { status: 429, retryAfterSeconds })
}
