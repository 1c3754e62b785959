/** Tokens that were verified, by their digest. Successes alone: a flood of junk finds nothing to fill. */
import { hash } from 'node:crypto'

export interface TokenCache<T> {
  /** What was verified under this digest. The caller checks what time or the issuer may have changed since. */
  get(digest: string): T | undefined
  set(digest: string, verified: T): void
}

/** Names a token without keeping it: a memory dump of the cache holds nothing that could be sent. */
export const digestOf = (token: string): string => hash('sha256', token, 'base64')

/**
 * The one used longest ago makes room.
 * @param maxEntries 0 keeps nothing
 */
export function tokenCache<T>(maxEntries: number): TokenCache<T> {
  const entries = new Map<string, T>()
  return {
    get(digest) {
      const found = entries.get(digest)
      if (found === undefined) return undefined
      // A Map keeps the order of insertion: what is put in again is the youngest.
      entries.delete(digest)
      entries.set(digest, found)
      return found
    },
    set(digest, verified) {
      if (entries.size >= maxEntries) entries.delete(entries.keys().next().value as string)
      if (maxEntries > 0) entries.set(digest, verified)
    },
  }
}
