/** What a person is called towards a client (OpenID Connect Core s8). */
import type { Configuration } from 'oidc-provider'
import { keyedDigest } from '../../crypto/derive.ts'

/**
 * A pairwise subject: the same for clients of one sector, another everywhere else, and without the key nobody can tell that two are one
 * person's. A client's own subject type decides whether this is asked at all.
 */
export function pairwiseSubjects(key: Buffer): NonNullable<Configuration['pairwiseIdentifier']> {
  return (_ctx, accountId, client) => keyedDigest(key, JSON.stringify([client.sectorIdentifier, accountId]))
}
