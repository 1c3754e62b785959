/** Artifacts in a SQL table. A row past its expiry counts as absent everywhere, whether or not it has been deleted yet. */
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { Artifact, ArtifactBond, ArtifactStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import type { ArtifactTable, Tables } from './tables.ts'
import { type Slot, template } from './template.ts'

export function sqlArtifacts(engine: SqlEngine, now: Clock): ArtifactStore {
  const { db } = engine
  const put = template((slot: Slot<ArtifactTable & { now: number }>) => {
    // What was used stays used, but only as long as the used row lives: a new artifact under an expired id starts afresh.
    const consumed_at = sql<number | null>`case when artifacts.expires_at > ${slot('now')}
      then coalesce(artifacts.consumed_at, excluded.consumed_at) else excluded.consumed_at end`
    return db
      .insertInto('artifacts')
      .values(slots(slot))
      .onConflict((conflict) => conflict.columns(['model', 'id']).doUpdateSet({ ...fields(slot), consumed_at }))
  })
  const insert = template((slot: Slot<ArtifactTable & { now: number }>) =>
    db
      .insertInto('artifacts')
      .values(slots(slot))
      .onConflict((conflict) =>
        conflict
          .columns(['model', 'id'])
          .doUpdateSet({ ...fields(slot), consumed_at: slot('consumed_at') })
          .where('artifacts.expires_at', '<=', slot('now')),
      ),
  )
  const replace = template((slot: Slot<ArtifactTable & { now: number; expected: number }>) =>
    db
      .updateTable('artifacts')
      .set({ ...fields(slot), consumed_at: sql<number | null>`coalesce(consumed_at, ${slot('consumed_at')})` })
      .where('model', '=', slot('model'))
      .where('id', '=', slot('id'))
      .where('version', '=', slot('expected'))
      .where('expires_at', '>', slot('now')),
  )
  const consume = template((slot: Slot<Key & { now: number }>) =>
    db
      .updateTable('artifacts')
      .set({ consumed_at: slot('now') })
      .where('model', '=', slot('model'))
      .where('id', '=', slot('id'))
      .where('consumed_at', 'is', null)
      .where('expires_at', '>', slot('now')),
  )
  const remove = template((slot: Slot<Key>) =>
    db.deleteFrom('artifacts').where('model', '=', slot('model')).where('id', '=', slot('id')),
  )
  const page = template((slot: Slot<Key & { now: number; limit: number }>) =>
    db
      .selectFrom('artifacts')
      .selectAll()
      .where(({ eb, refTuple, tuple }) => eb(refTuple('model', 'id'), '>', tuple(slot('model'), slot('id'))))
      .where('expires_at', '>', slot('now'))
      .orderBy('model')
      .orderBy('id')
      .limit(slot('limit')),
  )
  const reseal = template((slot: Slot<Key & { read: string; payload: string; now: number }>) =>
    db
      .updateTable('artifacts')
      .set({ payload: slot('payload') })
      .where('model', '=', slot('model'))
      .where('id', '=', slot('id'))
      .where('payload', '=', slot('read'))
      .where('expires_at', '>', slot('now')),
  )
  const finder = (column: 'id' | 'uid' | 'user_code') => {
    const query = template((slot: Slot<{ model: string; value: string; now: number }>) =>
      db
        .selectFrom('artifacts')
        .selectAll()
        .where('model', '=', slot('model'))
        .where(column, '=', slot('value'))
        .where('expires_at', '>', slot('now'))
        .orderBy('expires_at', 'desc')
        .limit(1),
    )
    return async (model: string, value: string) => {
      const { rows } = await db.executeQuery(query({ model, value, now: now() }))
      return rows[0] && artifactOf(rows[0])
    }
  }

  return {
    async put(artifact) {
      await engine.write(put({ ...rowOf(artifact), now: now() }))
    },
    async insert(artifact) {
      return (await engine.write(insert({ ...rowOf(artifact), now: now() }))).changes === 1
    },
    async replace(artifact, expected) {
      return (await engine.write(replace({ ...rowOf(artifact), expected, now: now() }))).changes === 1
    },
    find: finder('id'),
    findByUid: finder('uid'),
    findByUserCode: finder('user_code'),
    async consume(model, id) {
      return (await engine.write(consume({ model, id, now: now() }))).changes === 1
    },
    async remove(model, id) {
      await engine.write(remove({ model, id }))
    },
    async grantsOf(bond) {
      const [column, value] = bondColumn(bond)
      const bound = db.selectFrom('artifacts').select('grant_id').distinct().where(column, '=', value)
      const rows = await bound.where('grant_id', 'is not', null).where('expires_at', '>', now()).execute()
      return rows.map(({ grant_id: grant }) => grant as string)
    },
    async removeBound(bond) {
      const [column, value] = bondColumn(bond)
      const bound = db.deleteFrom('artifacts').where(column, '=', value).where('expires_at', '>', now())
      return (await engine.write(bound)).changes
    },
    async *pages(size) {
      let last: Key = { model: '', id: '' }
      for (;;) {
        const { rows } = await db.executeQuery(page({ ...last, now: now(), limit: size }))
        if (rows.length === 0) return
        yield rows.map(artifactOf)
        last = rows.at(-1) as Key
      }
    },
    async reseal({ model, id, payload: read }, payload) {
      return (await engine.write(reseal({ model, id, read, payload, now: now() }))).changes === 1
    },
  }
}

type Key = Pick<ArtifactTable, 'model' | 'id'>

/** Everything but the key and `consumed_at`, whose replacement has rules of its own. */
function fields(slot: Slot<ArtifactTable>) {
  return {
    payload: slot('payload'),
    expires_at: slot('expires_at'),
    uid: slot('uid'),
    user_code: slot('user_code'),
    account_id: slot('account_id'),
    client_id: slot('client_id'),
    grant_id: slot('grant_id'),
    version: slot('version'),
  }
}

function slots(slot: Slot<ArtifactTable>): ArtifactTable {
  return { ...fields(slot), model: slot('model'), id: slot('id'), consumed_at: slot('consumed_at') }
}

/** @returns a statement that deletes the artifacts that expired first, at most `limit`. */
export function artifactSweep(db: Kysely<Tables>) {
  return template((slot: Slot<{ now: number; limit: number }>) => {
    const expired = db
      .selectFrom('artifacts as old')
      .select(['old.model', 'old.id'])
      .where('old.expires_at', '<=', slot('now'))
      .orderBy('old.expires_at')
      .limit(slot('limit'))
      .$asTuple('model', 'id')
    return db.deleteFrom('artifacts').where(({ eb, refTuple }) => eb(refTuple('model', 'id'), 'in', expired))
  })
}

function bondColumn(bond: ArtifactBond): ['grant_id' | 'account_id' | 'client_id', string] {
  if ('grant' in bond) return ['grant_id', bond.grant]
  if ('account' in bond) return ['account_id', bond.account]
  return ['client_id', bond.client]
}

function rowOf(artifact: Artifact): ArtifactTable {
  return {
    model: artifact.model,
    id: artifact.id,
    payload: artifact.payload,
    expires_at: artifact.expiresAt,
    uid: artifact.uid ?? null,
    user_code: artifact.userCode ?? null,
    account_id: artifact.account ?? null,
    client_id: artifact.client ?? null,
    grant_id: artifact.grant ?? null,
    consumed_at: artifact.consumedAt ?? null,
    version: artifact.version ?? 0,
  }
}

function artifactOf(row: ArtifactTable): Artifact {
  return {
    model: row.model,
    id: row.id,
    payload: row.payload,
    expiresAt: row.expires_at,
    ...(row.uid !== null && { uid: row.uid }),
    ...(row.user_code !== null && { userCode: row.user_code }),
    ...(row.account_id !== null && { account: row.account_id }),
    ...(row.client_id !== null && { client: row.client_id }),
    ...(row.grant_id !== null && { grant: row.grant_id }),
    ...(row.consumed_at !== null && { consumedAt: row.consumed_at }),
    ...(row.version !== 0 && { version: row.version }),
  }
}
