/**
 * What is kept of an account that was removed, as long as a link for signing up that was sent before could still be used: keyed digests of its address
 * and of its id, from which nobody without the secret learns either. Without the first, any link that lies in that mailbox would begin an account
 * anew that its person has just ended; without the second, the used link of an account that had another address since.
 */
import { keyedDigest } from '../crypto/derive.ts'
import type { Keys } from '../crypto/secrets.ts'
import type { Account, Tombstone } from '../store/store.ts'
import { linkKinds } from '../tokens/links.ts'

type Named = Pick<Account, 'id' | 'emailKey'>

export interface Tombstones {
  /** @param removedAt seconds since the epoch */
  of(account: Named, removedAt: number): Tombstone
  /** All under which such an account may be kept. */
  digestsOf(account: Named): string[]
}

/**
 * @param keys the first makes digests, all find them. A secret that is forgotten takes its digests along, and the links that they are about: those were
 * sealed no later, so under the same secret or one before it.
 */
export function createTombstones(keys: Keys): Tombstones {
  const digests = (key: Buffer, { id, emailKey }: Named) => [
    keyedDigest(key, `address:${emailKey}`),
    keyedDigest(key, `account:${id}`),
  ]
  return {
    of: (account, removedAt) => ({
      digests: digests(keys[0], account),
      removedAt,
      expiresAt: removedAt + linkKinds['sign-up'].lifetimeSeconds + 1,
    }),
    digestsOf: (account) => keys.flatMap((key) => digests(key, account)),
  }
}
