/** How long to wait before something is begun anew that keeps ending. */
import type { Clock } from '../base/clock.ts'

export interface Pauses {
  /** @returns milliseconds: a tenth of a second the first time, twice as long each time after, half a minute at most */
  next(of: number): number
}

const [shortest, longest] = [100, 30_000]

/** What has gone well for so long begins with the shortest pause again. */
const forgottenAfterSeconds = 120

export function createPauses(now: Clock): Pauses {
  const last = new Map<number, { at: number; pause: number }>()
  return {
    next(of) {
      const before = last.get(of)
      const again = before !== undefined && now() - before.at < forgottenAfterSeconds
      const pause = again ? Math.min(longest, before.pause * 2) : shortest
      last.set(of, { at: now(), pause })
      return pause
    },
  }
}
