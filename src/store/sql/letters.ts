/** Letters that are owed to people, in a SQL table. */
import type { Clock } from '../../base/clock.ts'
import type { LetterRow, LetterStore } from '../store.ts'
import { insertIf } from './conditional.ts'
import type { SqlEngine } from './engine.ts'
import { idBegins } from './prefix.ts'
import type { LetterTable } from './tables.ts'

export function sqlLetters(engine: SqlEngine, now: Clock): LetterStore {
  const { db } = engine
  return {
    async add(letter, ifThere) {
      // They are few, so that the sweep of every other write need not look here.
      const swept = engine.write(db.deleteFrom('letters').where('expires_at', '<=', now()))
      const added = engine.write(
        ifThere ? insertIf(db, 'letters', rowOf(letter), ifThere) : db.insertInto('letters').values(rowOf(letter)),
      )
      const [, { changes }] = await Promise.all([swept, added])
      return changes === 1
    },
    async remove(id) {
      return (await engine.write(db.deleteFrom('letters').where('id', '=', id))).changes === 1
    },
    async list(limit, prefix = '') {
      const living = db.selectFrom('letters').selectAll().where('expires_at', '>', now()).where(idBegins(prefix))
      return (await living.orderBy('expires_at').orderBy('id').limit(limit).execute()).map(letterOf)
    },
    async reseal({ id, sealed }, next) {
      const { changes } = await engine.write(
        db.updateTable('letters').set({ sealed: next }).where('id', '=', id).where('sealed', '=', sealed),
      )
      return changes === 1
    },
  }
}

const rowOf = ({ id, sealed, expiresAt }: LetterRow): LetterTable => ({ id, sealed, expires_at: expiresAt })
const letterOf = (row: LetterTable): LetterRow => ({ id: row.id, sealed: row.sealed, expiresAt: row.expires_at })
