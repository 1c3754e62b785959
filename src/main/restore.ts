/**
 * What a backup may not bring back. It is the database of an earlier moment, and since then people signed out, passwords were changed,
 * accounts disabled, clients removed. So whatever bears access ends, and what was ended stays so as far as the present database tells.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { secretOf } from '../crypto/sealing.ts'
import type { AuditStore } from '../store/audit.ts'
import type { Account, AccountStore, ClientRow, Store, VaultEntry, VaultStore } from '../store/store.ts'
import { isSigningKey } from './vault.ts'

export type Lasting = Pick<Store, 'accounts' | 'clients' | 'lineage' | 'vault' | 'audit'> & {
  endAllAccess(now: number): Promise<void>
}

export interface Kept {
  /** E-mail addresses of accounts that stay disabled, and of those that keep the password and the address of now. */
  disabled: string[]
  passwords: string[]
  /** And of those that do not get back a role that was taken from them. */
  roles: string[]
  /** Ids of clients that stay registered as they are now, and of those that stay removed. */
  changedClients: string[]
  removedClients: string[]
  /** And of accounts whose end the audit log of now knows. */
  removedAccounts: string[]
}

const pageSize = 500

/**
 * Changes a restored database before anybody sees it. Sessions, grants, codes and refresh tokens are gone; nobody who signed in before now
 * is signed in; an access token issued before now is dead wherever this server is asked.
 * @param present what is replaced; undefined when it cannot be read, and then nothing that was ended since is known
 * @param bringBackClients whether clients that were removed since come back
 * @param secrets the names of those that are given
 */
export async function makeSafe(
  restored: Lasting,
  present: Pick<Store, 'accounts' | 'clients' | 'vault' | 'audit'> | undefined,
  { bringBackClients, secrets, now }: { bringBackClients: boolean; secrets: readonly string[]; now: Clock },
): Promise<Kept> {
  const kept: Kept = { disabled: [], passwords: [], roles: [], changedClients: [], removedClients: [], removedAccounts: [] }
  if (present) {
    for await (const account of accountsOf(restored))
      if (await wasRemoved(present.audit, account)) await removeAgain(restored.accounts, account, kept)
      else await keepEnded(restored, account, await present.accounts.find(account.id), kept)
    for await (const client of clientsOf(restored.clients)) {
      const today = await present.clients.find(client.id)
      if (today) await keepRegistration(restored, client, today, kept)
      else if (!bringBackClients) kept.removedClients.push(client.id)
    }
    for (const id of kept.removedClients) await restored.clients.remove(id)
    await keepAudit(restored.audit, present.audit)
  }
  await keepVault(restored.vault, present?.vault, secrets)
  await restored.endAllAccess(now())
  await restored.lineage.begin({ id: randomUUID(), beganAt: now() })
  return kept
}

/** What happened since the backup did happen: those entries follow its own. */
async function keepAudit(restored: AuditStore, present: AuditStore): Promise<void> {
  const [last] = await restored.list({}, 1)
  let page = await present.list({ afterId: last?.id }, pageSize, 'oldest first')
  while (page.length > 0) {
    await Promise.all(page.map(({ id: _, ...row }) => restored.add(row)))
    page = await present.list({ afterId: page.at(-1)?.id }, pageSize, 'oldest first')
  }
}

/**
 * Signing keys are those of now, since one that was revoked must not come back; when it is not known which those are, there are none, and
 * the next start makes them. The keys that outlast secrets belong to the accounts of the backup; sealed under a secret that is dropped since,
 * they are taken from the present, where they were sealed anew.
 */
async function keepVault(restored: VaultStore, present: VaultStore | undefined, secrets: readonly string[]): Promise<void> {
  const today = (await present?.list('')) ?? []
  const canStay = ({ name, sealed }: VaultEntry) => !isSigningKey(name) && isGiven(sealed, secrets)
  for (const entry of await restored.list('')) {
    const isReplaced = today.some(({ name }) => name === entry.name)
    if (isSigningKey(entry.name) || (isReplaced && !canStay(entry))) await restored.remove(entry.name)
  }
  for (const entry of today) await restored.add(entry)
}

const isGiven = (sealed: string, secrets: readonly string[]): boolean => secrets.includes(secretOf(sealed) ?? '')

/** An account that is merely not there may be one that the present database never had. */
const wasRemoved = async (present: AuditStore, { id }: Account): Promise<boolean> =>
  (await present.list({ act: 'account.removed', account: id }, 1)).length > 0

/** Without a tombstone: every link from before a restoration is dead. */
async function removeAgain(accounts: AccountStore, { id, email }: Account, kept: Kept): Promise<void> {
  if (await accounts.remove(id, { digests: [], removedAt: 0, expiresAt: 0 })) kept.removedAccounts.push(email)
}

async function keepEnded({ accounts }: Lasting, then: Account, today: Account | undefined, kept: Kept): Promise<void> {
  if (!today) return
  if (today.disabledAt !== undefined && then.disabledAt === undefined) {
    await accounts.change(then.id, { disabledAt: today.disabledAt })
    kept.disabled.push(then.email)
  }
  if (today.passwordHash !== then.passwordHash || today.emailKey !== then.emailKey) {
    await keepCredentials(accounts, then, today)
    kept.passwords.push(then.email)
  }
  const roles = then.roles.filter((role) => today.roles.includes(role))
  if (roles.length < then.roles.length) {
    await accounts.change(then.id, { roles })
    kept.roles.push(then.email)
  }
}

/**
 * A mailbox that was given up may be a stranger's by now, and a password that was changed a stranger's all along. An address that another
 * account of the backup has stays with that one; then the password alone is that of now.
 */
async function keepCredentials(accounts: Lasting['accounts'], then: Account, today: Account): Promise<void> {
  const { passwordHash, credentialsVersion, email, emailKey, emailVerifiedAt } = today
  const password = { passwordHash, credentialsVersion }
  const all = { ...password, email, emailKey, emailVerifiedAt }
  if (await accounts.changeIf(then.id, then.credentialsVersion, all)) return
  await accounts.changeIf(then.id, then.credentialsVersion, password)
}

/**
 * A client that is registered otherwise now stays so, all of it: a secret that was replaced is not to be good again, nor a key that was stolen,
 * nor a redirect URI that was given up.
 */
async function keepRegistration({ clients }: Lasting, then: ClientRow, today: ClientRow, kept: Kept): Promise<void> {
  if (today.registration === then.registration) return
  await clients.replace({ ...then, registration: today.registration }, then.registration)
  kept.changedClients.push(then.id)
}

async function* accountsOf({ accounts }: Lasting): AsyncGenerator<Account> {
  let page = await accounts.list(pageSize)
  while (page.length > 0) {
    yield* page
    page = await accounts.list(pageSize, page.at(-1)?.emailKey)
  }
}

async function* clientsOf(clients: Store['clients']): AsyncGenerator<ClientRow> {
  let page = await clients.list(pageSize)
  while (page.length > 0) {
    yield* page
    page = await clients.list(pageSize, page.at(-1)?.id)
  }
}
