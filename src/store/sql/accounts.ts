/** Accounts in a SQL table. The unique index on the e-mail key decides a race for an address. */
import type { Updateable } from 'kysely'
import type { Account, AccountChange, AccountStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import type { AccountTable } from './tables.ts'

export function sqlAccounts(engine: SqlEngine): AccountStore {
  const { db } = engine

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
    find: (id) => findBy('id', id),
    findByEmailKey: (emailKey) => findBy('email_key', emailKey),
    async change(id, change) {
      const columns = columnsOf(change)
      if (Object.keys(columns).length === 0) return (await findBy('id', id)) !== undefined
      const { changes } = await engine.write(db.updateTable('accounts').set(columns).where('id', '=', id))
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

function columnsOf(change: AccountChange): Updateable<AccountTable> {
  return {
    ...(change.name !== undefined && { name: change.name }),
    ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    ...(change.roles !== undefined && { roles: JSON.stringify(change.roles) }),
    ...('disabledAt' in change && { disabled_at: change.disabledAt ?? null }),
    ...(change.accessEndedAt !== undefined && { access_ended_at: change.accessEndedAt }),
    ...(change.claims !== undefined && { claims: JSON.stringify(change.claims) }),
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
    ...(row.disabled_at !== null && { disabledAt: row.disabled_at }),
    ...(row.access_ended_at !== null && { accessEndedAt: row.access_ended_at }),
  }
}
