/**
 * The end of an account: its row, every session, grant, refresh token and API key of it. What is in flight meanwhile, and is saved after the rows are gone,
 * is nobody's. Its person is told, in the same commit.
 *
 * What stays: entries of the audit log, which name it by its subject and by nothing else, for as long as any (`audit.keepDays`); letters that were
 * owed to its person before, until they are delivered; and for a day two keyed digests (`tombstones.ts`).
 */
import type { What } from '../audit/audit.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Account } from '../store/store.ts'
import { endBound } from '../tokens/bonds.ts'
import { deadSubject, sayDead } from '../tokens/revocation.ts'
import { type CredentialsParts, newCredentialsVersion } from './credentials.ts'
import type { Tombstones } from './tombstones.ts'

export interface RemovalParts extends Pick<CredentialsParts, 'store' | 'audit' | 'apiKeys' | 'now'> {
  mailer: Pick<Mailer, 'owe'>
  tombstones: Tombstones
}

export interface Removal extends Pick<What, 'actor' | 'from'> {
  by: 'person' | 'operator'
}

/** Does NOT check who asks. @returns false when there is no such account (any more) */
export async function removeAccount(parts: RemovalParts, account: Account, { by, ...who }: Removal): Promise<boolean> {
  const { store, audit, mailer, apiKeys, tombstones, now } = parts
  const { id, email, name } = account
  const at = now()
  // A key outlives what is said of its owner, and nobody would look for those of an account that is gone. So they end while it is there, once whoever
  // is signed in is out and what is in flight makes none. A process that is killed in between leaves an account that can be removed again.
  await store.accounts.change(id, { accessEndedAt: at, credentialsVersion: newCredentialsVersion() })
  await apiKeys.endAll({ account: id }, 'deleted', who)
  // One turn, so that one commit holds them all; the account last, since the others are written if it is there.
  const [, , , removed] = await Promise.all([
    mailer.owe({ kind: 'account-deleted', to: email, model: { name, at, by } }, { account: id }),
    audit.record('account.removed', { ...who, account: id, ifThere: { account: id } }),
    sayDead(store.revocations, [deadSubject(id, at)], at),
    store.accounts.remove(id, tombstones.of(account, at)),
  ])
  if (removed) await endBound(store, { account: id }, at)
  return removed
}
