/** Who waits for the next revocation, and how they learn of it whichever process wrote it. */
import type { Later, Stopwatch } from '../../base/clock.ts'
import type { Documents, Place } from './document.ts'

/** While anybody waits the newest cursor is looked at this often: a read of one index, by each process that has somebody waiting. */
const lookMilliseconds = 50
const mostWaiting = 1_000

export interface Waiting {
  /** Resolves when there is something after this place, when the time is over, or when nobody may wait: at once where too many do. Never rejects. */
  until(place: Place, milliseconds: number, signal: AbortSignal): Promise<void>
  /** Releases all, and lets nobody wait from now on. */
  close(): void
}

export function createWaiting(documents: Pick<Documents, 'end'>, later: Later, elapsed: Stopwatch): Waiting {
  /** Whoever waits has no timer of their own: those of all who were released early would lie there for the rest of their wait. */
  const waiting = new Map<() => void, Place & { until: number }>()
  let looking = false
  let closed = false

  async function look(): Promise<void> {
    // A store that cannot answer says so to whoever is released, who asks it again.
    const end = await documents.end().catch(() => undefined)
    const now = elapsed()
    for (const [release, { lineage, cursor, until }] of waiting)
      if (end === undefined || end.lineage !== lineage || end.cursor > cursor || now >= until) release()
    looking = waiting.size > 0
    if (looking) later(lookMilliseconds, look)
  }

  return {
    until(place, milliseconds, signal) {
      if (closed || signal.aborted || milliseconds === 0 || waiting.size >= mostWaiting) return Promise.resolve()
      return new Promise((resolve) => {
        const release = () => {
          waiting.delete(release)
          signal.removeEventListener('abort', release)
          resolve()
        }
        waiting.set(release, { ...place, until: elapsed() + milliseconds })
        signal.addEventListener('abort', release)
        if (looking) return
        looking = true
        void look()
      })
    },
    close() {
      closed = true
      for (const release of waiting.keys()) release()
    },
  }
}
