/** Client secrets: made here, kept as digests, compared by digest. */
import { randomBytes } from 'node:crypto'
import { digest, sameInConstantTime } from '../../crypto/derive.ts'
import type { ClientSecret } from '../../settings/client/registration.ts'

/** The prefix is for secret scanners. */
export const newClientSecret = (): string => `sgs_${randomBytes(32).toString('base64url')}`

/** What is kept of a secret: never enough to use it. */
export function secretRecord(secret: string, createdAt: number): ClientSecret {
  return { digest: digest(secret), hint: `${secret.slice(0, 4)}…${secret.slice(-4)}`, createdAt }
}

/**
 * Replaces the library's comparison with the plain secret (`Client.prototype.compareClientSecret`, awaited by its client_auth):
 * every live digest is compared, in constant time, so that neither the position nor the number of the match shows.
 * @param secrets as `answers/metadata.ts` writes them: `digest` or `digest:end`, separated by spaces
 */
export function matchesSecret(secrets: string | undefined, given: string, now: number): boolean {
  const actual = digest(given)
  let matches = false
  for (const one of (secrets ?? '').split(' ')) {
    const [kept = '', end] = one.split(':')
    const lives = end === undefined || Number(end) > now
    if (sameInConstantTime(kept, actual) && lives) matches = true
  }
  return matches
}
