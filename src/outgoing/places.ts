/** How many requests to other servers may be under way, in all and to one of them, so that one that never answers harms nobody but itself. */
import { no } from './refusal.ts'

export interface Places {
  /** @returns what gives the place back, to be called once. @throws Refusal `outgoing_refused`, 503 */
  take(origin: string): () => void
}

export function createPlaces(most: number, mostPerOrigin: number): Places {
  const taken = new Map<string, number>()
  let all = 0
  return {
    take(origin) {
      const there = taken.get(origin) ?? 0
      if (all >= most || there >= mostPerOrigin) throw no('busy')
      all += 1
      taken.set(origin, there + 1)
      return () => {
        all -= 1
        const left = (taken.get(origin) ?? 0) - 1
        if (left > 0) taken.set(origin, left)
        else taken.delete(origin)
      }
    },
  }
}
