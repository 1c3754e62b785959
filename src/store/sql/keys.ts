/** API keys that are alive, in a SQL table. */
import type { Clock } from '../../base/clock.ts'
import type { ApiKeyRow, KeyOwner, KeyStore, OwnerAsRead } from '../keys.ts'
import type { SqlEngine } from './engine.ts'
import type { ApiKeyTable } from './tables.ts'

export function sqlKeys(engine: SqlEngine, now: Clock): KeyStore {
  const { db } = engine
  const living = () => db.selectFrom('api_keys').where('expires_at', '>', now())
  const of = (owner: KeyOwner | ApiKeyRow) =>
    'account' in owner && owner.account !== undefined
      ? living().where('account_id', '=', owner.account)
      : living().where('client_id', '=', (owner as { client: string }).client)

  function asRead(owner: Exclude<OwnerAsRead, 'declared'>) {
    if ('client' in owner) {
      const { id, registration } = owner.client
      return db.selectFrom('clients').select('id').where('id', '=', id).where('registration', '=', registration)
    }
    const { id, roles, credentialsVersion, accessEndedAt } = owner.account
    return db
      .selectFrom('accounts')
      .select('id')
      .where('id', '=', id)
      .where('disabled_at', 'is', null)
      .where('roles', '=', JSON.stringify(roles))
      .where('credentials_version', '=', credentialsVersion)
      .where('access_ended_at', accessEndedAt === undefined ? 'is' : '=', accessEndedAt ?? null)
  }

  const saidOf = (about: readonly { kind: string; value: string }[], createdAt: number) =>
    db
      .selectFrom('revocations')
      .select('cursor')
      .where('ends_at', '>', now())
      .where('before_at', '>=', createdAt)
      .where(({ or, and }) => or(about.map(({ kind, value }) => and({ kind, value }))))

  return {
    async add(key, owner, most, about = []) {
      const row = rowOf(key)
      const names = Object.keys(row) as (keyof ApiKeyTable)[]
      const room = of(key).select(({ fn }) => fn.countAll<number>().as('count'))
      const insert = db
        .insertInto('api_keys')
        .columns(names)
        .expression(
          db
            .selectNoFrom((column) => names.map((name) => column.val(row[name]).as(name)))
            .where(room, '<', most)
            .$if(about.length > 0, (select) => select.where(({ not, exists }) => not(exists(saidOf(about, key.createdAt)))))
            .$if(owner !== 'declared', (select) =>
              select.where(({ exists }) => exists(asRead(owner as Exclude<OwnerAsRead, 'declared'>))),
            ) as never,
        )
      // They are few, so that the sweep of every other write need not look here.
      const swept = engine.write(db.deleteFrom('api_keys').where('expires_at', '<=', now()))
      const [, { changes }] = await Promise.all([swept, engine.write(insert)])
      return changes === 1
    },
    async find(jti) {
      const row = await living().selectAll().where('jti', '=', jti).executeTakeFirst()
      return row && keyOf(row)
    },
    async of(owner, limit) {
      const newestFirst = of(owner).selectAll().orderBy('created_at', 'desc').orderBy('jti')
      return (await newestFirst.limit(limit).execute()).map(keyOf)
    },
    async list(limit, afterJti) {
      let page = living().selectAll().orderBy('jti').limit(limit)
      if (afterJti !== undefined) page = page.where('jti', '>', afterJti)
      return (await page.execute()).map(keyOf)
    },
    async remove(jti) {
      const { changes } = await engine.write(db.deleteFrom('api_keys').where('jti', '=', jti).where('expires_at', '>', now()))
      return changes === 1
    },
  }
}

function rowOf({ jti, kid, account, client, name, audience, scopes, createdAt, expiresAt }: ApiKeyRow): ApiKeyTable {
  return {
    jti,
    kid,
    account_id: account ?? null,
    client_id: client ?? null,
    name,
    audience,
    scopes: JSON.stringify(scopes),
    created_at: createdAt,
    expires_at: expiresAt,
  }
}

function keyOf({ jti, kid, account_id, client_id, name, audience, scopes, created_at, expires_at }: ApiKeyTable): ApiKeyRow {
  const owner = account_id === null ? { client: client_id as string } : { account: account_id }
  const facts = { jti, kid, name, audience, scopes: JSON.parse(scopes) as string[], createdAt: created_at, expiresAt: expires_at }
  return { ...facts, ...owner }
}
