/** The audit log in a SQL table. It is read by operators alone: nothing but its end is indexed. */
import type { Insertable, Selectable } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { AuditRow, AuditStore, NewAuditRow } from '../audit.ts'
import { insertIf } from './conditional.ts'
import type { SqlEngine } from './engine.ts'
import type { AuditTable } from './tables.ts'

/** Twice what an entry adds, and some: what has expired dwindles however many come. */
const sweptAtOnce = 18

export function sqlAudit(engine: SqlEngine, now: Clock): AuditStore {
  const { db } = engine
  return {
    async add(row, ifThere) {
      // They are few, so that the sweep of every other write need not look here.
      const expired = db.selectFrom('audit').select('id').where('expires_at', '<=', now()).limit(sweptAtOnce)
      const swept = engine.write(db.deleteFrom('audit').where('id', 'in', expired))
      await Promise.all([
        swept,
        engine.write(ifThere ? insertIf(db, 'audit', columnsOf(row), ifThere) : db.insertInto('audit').values(columnsOf(row))),
      ])
    },
    async list({ since, afterId, act, account, client }, limit, order = 'newest first') {
      let rows = db.selectFrom('audit').selectAll().where('expires_at', '>', now())
      if (since !== undefined) rows = rows.where('at', '>=', since)
      if (afterId !== undefined) rows = rows.where('id', '>', afterId)
      if (act !== undefined) rows = rows.where('act', '=', act)
      if (account !== undefined) rows = rows.where('account_id', '=', account)
      if (client !== undefined) rows = rows.where('client_id', '=', client)
      const ordered = rows.orderBy('id', order === 'newest first' ? 'desc' : 'asc').limit(limit)
      return (await ordered.execute()).map(rowOf)
    },
  }
}

function columnsOf({ at, expiresAt, actor, act, account, client, from, request, detail }: NewAuditRow): Insertable<AuditTable> {
  return {
    at,
    expires_at: expiresAt,
    actor,
    act,
    account_id: account ?? null,
    client_id: client ?? null,
    origin: from,
    request: request ?? null,
    detail: JSON.stringify(detail),
  }
}

function rowOf(row: Selectable<AuditTable>): AuditRow {
  return {
    id: row.id,
    at: row.at,
    expiresAt: row.expires_at,
    actor: row.actor,
    act: row.act,
    ...(row.account_id !== null && { account: row.account_id }),
    ...(row.client_id !== null && { client: row.client_id }),
    from: row.origin,
    ...(row.request !== null && { request: row.request }),
    detail: JSON.parse(row.detail) as AuditRow['detail'],
  }
}
