/** Tokens that were verified, by their digest. Successes alone: a flood of junk finds nothing to fill. */
import { hash } from 'node:crypto'

export interface TokenCache<T> {
  /** What was verified under this digest. The caller checks what time or the issuer may have changed since. */
  get(digest: string): T | undefined
  set(digest: string, verified: T): void
}

/** Names a token without keeping it: a memory dump of the cache holds nothing that could be sent. Thirty-two bytes, one a character. */
export const digestOf = (token: string): string => hash('sha256', token, 'latin1')

interface Entry<T> {
  verified: T
  /** How many had been put in when this one last became the youngest. */
  youngestAt: number
}

/**
 * The one used longest ago makes room, give or take a quarter of the entries.
 * @param maxEntries 0 keeps nothing
 */
export function tokenCache<T>(maxEntries: number): TokenCache<T> {
  const entries = new Map<string, Entry<T>>()
  // Goes on where it stood: from the beginning it would step over every entry that left since the Map last grew.
  let oldest = entries.keys()
  const makeRoom = () => {
    let { value } = oldest.next()
    if (value === undefined) {
      oldest = entries.keys()
      value = oldest.next().value
    }
    entries.delete(value as string)
  }
  // Moving an entry costs more than finding it, and changes nothing while it is among the youngest anyway.
  const stillYoung = Math.floor(maxEntries / 4)
  let putIn = 0
  return {
    get(digest) {
      const found = entries.get(digest)
      if (found === undefined) return undefined
      if (putIn - found.youngestAt >= stillYoung) {
        // A Map keeps the order of insertion: what is put in again is the youngest.
        entries.delete(digest)
        entries.set(digest, found)
        found.youngestAt = putIn
      }
      return found.verified
    },
    set(digest, verified) {
      if (maxEntries === 0) return
      if (entries.size >= maxEntries) makeRoom()
      entries.set(digest, { verified, youngestAt: ++putIn })
    },
  }
}
