/** Notices that are owed to clients, in a SQL table. */
import type { Clock } from '../../base/clock.ts'
import type { Notice, NoticeStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import { idBegins } from './prefix.ts'
import type { NoticeTable } from './tables.ts'

export function sqlNotices(engine: SqlEngine, now: Clock): NoticeStore {
  const { db } = engine
  return {
    async add(notice) {
      // They are few, so that the sweep of every other write need not look here.
      const swept = engine.write(db.deleteFrom('notices').where('expires_at', '<=', now()))
      await Promise.all([swept, engine.write(db.insertInto('notices').values(rowOf(notice)))])
    },
    async remove(id) {
      await engine.write(db.deleteFrom('notices').where('id', '=', id))
    },
    async list(limit, prefix = '') {
      const living = db.selectFrom('notices').selectAll().where('expires_at', '>', now()).where(idBegins(prefix))
      return (await living.orderBy('expires_at').orderBy('id').limit(limit).execute()).map(noticeOf)
    },
  }
}

function rowOf({ id, client, account, session, expiresAt }: Notice): NoticeTable {
  return { id, client_id: client, account_id: account, session_id: session, expires_at: expiresAt }
}

function noticeOf(row: NoticeTable): Notice {
  return { id: row.id, client: row.client_id, account: row.account_id, session: row.session_id, expiresAt: row.expires_at }
}
