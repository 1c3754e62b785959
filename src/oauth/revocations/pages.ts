/**
 * Documents of the list that were signed and may be sent again. They are bounded whoever asks for whichever place: the list is public, and a
 * document of ten thousand sentences takes some twenty milliseconds to make, and half a megabyte to keep.
 */
import type { Clock } from '../../base/clock.ts'

/** What is longer is read in several, of some 700 KB each. */
export const mostEntries = 10_000
/** Half of that: what follows on a cursor within it still reaches beyond the cursor. */
const farSteps = 5_000
/** A fresh one is signed when half of the time is over for which a document counts as fresh. */
const reusedSeconds = 30
const mostKept = 32

export interface Page {
  /** Bytes, so that a thousand slow readers of it hold one and the same. */
  text: Buffer
  /** There is nothing after it. */
  isWhole: boolean
}

export interface Pages {
  /**
   * @param life of which nothing is sent any more once it is another: the list, and the key that signs
   * @param newest cursor of the list: a page which goes to its end is sent only as long as that is its end
   */
  page(life: string, from: number, newest: number): Promise<Page>
}

interface Kept {
  newest: number
  at: number
  made: Promise<Page>
  /** Goes to no end, and stays as it is whatever is said later. */
  isFull: boolean
}

export function createPages(make: (from: number) => Promise<Page>, now: Clock): Pages {
  let lived = ''
  const pages = new Map<number, Kept>()

  const isGood = ({ newest, at, isFull }: Kept, end: number) =>
    (isFull || newest === end) && now() < at + reusedSeconds && now() >= at

  return {
    page(life, from, newest) {
      if (lived !== life) pages.clear()
      lived = life
      const known = pages.get(from)
      if (known && isGood(known, newest)) return known.made
      const kept: Kept = { newest, at: now(), made: make(from), isFull: false }
      pages.delete(from)
      pages.set(from, kept)
      if (pages.size > mostKept) pages.delete(pages.keys().next().value as number)
      kept.made.then(
        ({ isWhole }) => {
          kept.isFull = !isWhole
        },
        // What could not be signed is tried anew by whoever comes next.
        () => pages.get(from) === kept && pages.delete(from),
      )
      return kept.made
    },
  }
}

/**
 * Where a document begins for whoever has read up to this cursor: at it or somewhat before, so that readers at whichever places are sent few different
 * documents. What was read already is read once more, and merged. Those that are close, as readers who wait are, get exactly what is new.
 */
export function beginningOf(cursor: number, newest: number): number {
  const behind = newest - cursor
  const step = behind <= 100 ? 1 : behind <= 2_000 ? 100 : farSteps
  return cursor - (cursor % step)
}

/** @returns the last cursor of a document that is full: readers go on from where another document begins. */
export const endOfFull = (lastCursor: number): number => lastCursor - (lastCursor % farSteps)
