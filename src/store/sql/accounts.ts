/** Accounts in a SQL table. The unique index on the e-mail key decides a race for an address. */
import type { Updateable } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { Account, AccountChange, AccountStore, CredentialsChange, EmailChange } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import type { AccountTable } from './tables.ts'
import { sqlTombstones } from './tombstones.ts'

const noChanges = '[]'

export function sqlAccounts(engine: SqlEngine, now: Clock): AccountStore {
  const { db } = engine
  const tombstones = sqlTombstones(engine, now)

  async function findBy(column: 'id' | 'email_key', value: string): Promise<Account | undefined> {
    const row = await db.selectFrom('accounts').selectAll().where(column, '=', value).executeTakeFirst()
    return row && accountOf(row)
  }

  return {
    async add(account) {
      // Only the e-mail key may be taken; an id that comes twice is a fault of whoever drew it, and throws.
      const { changes } = await engine.write(
        db
          .insertInto('accounts')
          .values(rowOf(account))
          .onConflict((conflict) => conflict.column('email_key').doNothing()),
      )
      return changes === 1
    },
    addAsked: (account, asked) => tombstones.addUnlessRemoved(rowOf(account), asked),
    wasRemoved: (asked) => tombstones.have(asked),
    find: (id) => findBy('id', id),
    findByEmailKey: (emailKey) => findBy('email_key', emailKey),
    async change(id, change) {
      const columns = columnsOf(change)
      if (Object.keys(columns).length === 0) return (await findBy('id', id)) !== undefined
      const { changes } = await engine.write(db.updateTable('accounts').set(columns).where('id', '=', id))
      return changes === 1
    },
    async changeIf(id, expectedVersion, change) {
      let update = db
        .updateTable('accounts')
        .set(columnsOf(change))
        .where('id', '=', id)
        .where('credentials_version', '=', expectedVersion)
      const { emailKey } = change
      if (emailKey !== undefined)
        update = update.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('accounts as others')
                .select('others.id')
                .where('others.email_key', '=', emailKey)
                .where('others.id', '!=', id),
            ),
          ),
        )
      return (await engine.write(update)).changes === 1
    },
    async replaceHash(id, read, next) {
      const { changes } = await engine.write(
        db.updateTable('accounts').set({ password_hash: next }).where('id', '=', id).where('password_hash', '=', read),
      )
      return changes === 1
    },
    async noteSignIn(id, next, expected) {
      let update = db.updateTable('accounts').set({ sign_in_version: next }).where('id', '=', id)
      if (expected) {
        const { signInVersion, credentialsVersion } = expected
        update = update.where('credentials_version', '=', credentialsVersion)
        update =
          signInVersion === undefined
            ? update.where('sign_in_version', 'is', null)
            : update.where('sign_in_version', '=', signInVersion)
      }
      return (await engine.write(update)).changes === 1
    },
    async remove(id, tombstone) {
      // In this order, in one commit: the stone is set if there is somebody to remove.
      const [, { changes }] = await Promise.all([
        tombstones.set(tombstone, { account: id }),
        engine.write(db.deleteFrom('accounts').where('id', '=', id)),
      ])
      return changes === 1
    },
    async hasDemo() {
      return (await db.selectFrom('accounts').select('id').where('demo', '=', 1).limit(1).executeTakeFirst()) !== undefined
    },
    async list(limit, afterEmailKey) {
      let page = db.selectFrom('accounts').selectAll().orderBy('email_key').limit(limit)
      if (afterEmailKey !== undefined) page = page.where('email_key', '>', afterEmailKey)
      return (await page.execute()).map(accountOf)
    },
  }
}

function columnsOf(change: AccountChange & Partial<CredentialsChange>): Updateable<AccountTable> {
  return {
    ...(change.name !== undefined && { name: change.name }),
    ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    ...(change.roles !== undefined && { roles: JSON.stringify(change.roles) }),
    ...('disabledAt' in change && { disabled_at: change.disabledAt ?? null }),
    ...(change.accessEndedAt !== undefined && { access_ended_at: change.accessEndedAt }),
    ...(change.claims !== undefined && { claims: JSON.stringify(change.claims) }),
    ...(change.credentialsVersion !== undefined && { credentials_version: change.credentialsVersion }),
    ...(change.email !== undefined && { email: change.email }),
    ...(change.emailKey !== undefined && { email_key: change.emailKey }),
    ...('emailVerifiedAt' in change && { email_verified_at: change.emailVerifiedAt ?? null }),
    ...(change.emailChanges !== undefined && { email_changes: JSON.stringify(change.emailChanges) }),
  }
}

function rowOf(account: Account): AccountTable {
  return {
    id: account.id,
    email: account.email,
    email_key: account.emailKey,
    name: account.name,
    password_hash: account.passwordHash,
    roles: JSON.stringify(account.roles),
    demo: Number(account.demo),
    created_at: account.createdAt,
    disabled_at: account.disabledAt ?? null,
    access_ended_at: account.accessEndedAt ?? null,
    claims: JSON.stringify(account.claims),
    credentials_version: account.credentialsVersion,
    email_verified_at: account.emailVerifiedAt ?? null,
    email_changes: JSON.stringify(account.emailChanges ?? []),
    sign_in_version: account.signInVersion ?? null,
  }
}

function accountOf(row: AccountTable): Account {
  return {
    id: row.id,
    email: row.email,
    emailKey: row.email_key,
    name: row.name,
    passwordHash: row.password_hash,
    roles: JSON.parse(row.roles) as string[],
    claims: JSON.parse(row.claims) as Account['claims'],
    demo: row.demo === 1,
    createdAt: row.created_at,
    credentialsVersion: row.credentials_version,
    ...(row.disabled_at !== null && { disabledAt: row.disabled_at }),
    ...(row.access_ended_at !== null && { accessEndedAt: row.access_ended_at }),
    ...(row.email_verified_at !== null && { emailVerifiedAt: row.email_verified_at }),
    ...(row.email_changes !== noChanges && { emailChanges: JSON.parse(row.email_changes) as EmailChange[] }),
    ...(row.sign_in_version !== null && { signInVersion: row.sign_in_version }),
  }
}
