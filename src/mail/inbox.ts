/**
 * Where letters go in development, so that a first try needs no mail server: the last ones, in the memory of this process. Letters hold links
 * that act for a person, and what nobody has confirmed is to be stored nowhere: they go with the process.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { LetterKind } from './letters.ts'
import type { LetterWords } from './templates.ts'

export interface Received extends LetterWords {
  id: string
  /** Seconds since the epoch. */
  at: number
  kind: LetterKind
  to: string
}

export interface Inbox {
  put(letter: Omit<Received, 'id' | 'at'>): void
  find(id: string): Received | undefined
  /** Newest first. */
  list(): Received[]
}

export function createInbox(now: Clock, most = 200): Inbox {
  const letters = new Map<string, Received>()
  return {
    put(letter) {
      const id = randomUUID()
      letters.set(id, { ...letter, id, at: now() })
      const [oldest] = letters.keys()
      if (letters.size > most && oldest !== undefined) letters.delete(oldest)
    },
    find: (id) => letters.get(id),
    list: () => [...letters.values()].reverse(),
  }
}
