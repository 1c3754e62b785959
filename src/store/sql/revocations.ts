/** Sentences of revocation in a SQL table. */
import { type Selectable, sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { KeptSentence, RevocationStore, Sentence } from '../revocations.ts'
import type { SqlEngine } from './engine.ts'
import type { RevocationTable } from './tables.ts'

/** Of a sentence without a time: later than any. */
const always = Number.MAX_SAFE_INTEGER
/** Twice what is added, and some: what has expired dwindles however many come, one by one or all those of an account at once. */
const sweptBy = (added: number): number => Math.min(2 * added + 16, 2_000)
const place = 1

export function sqlRevocations(engine: SqlEngine, now: Clock): RevocationStore {
  const { db } = engine
  const newest = sql<number>`(select coalesce(max(cursor), 0) from revocations)`
  const later = (column: 'before_at' | 'ends_at') =>
    sql<boolean>`${sql.ref(`excluded.${column}`)} > ${sql.ref(`revocations.${column}`)}`
  const latest = (column: 'before_at' | 'ends_at') =>
    sql<number>`case when ${later(column)} then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`revocations.${column}`)} end`

  /** The cursor is taken within the statement that writes it, under the lock of its transaction: cursors are in the order of commits. */
  const merged = ({ kind, value, before = always, endsAt }: Sentence) =>
    db
      .insertInto('revocations')
      .values({ kind, value, before_at: before, ends_at: endsAt, cursor: sql<number>`${newest} + 1` })
      .onConflict((conflict) =>
        conflict
          .columns(['kind', 'value'])
          .doUpdateSet({ before_at: latest('before_at'), ends_at: latest('ends_at'), cursor: sql<number>`${newest} + 1` })
          .where(({ or }) => or([later('before_at'), later('ends_at')])),
      )

  /** The newest stays, whatever its end: the next cursor is counted from it. */
  const expired = (added: number) =>
    db.selectFrom('revocations').select('cursor').where('ends_at', '<=', now()).where('cursor', '<', newest).limit(sweptBy(added))

  return {
    async add(sentences) {
      if (sentences.length === 0) return
      const swept = engine.write(db.deleteFrom('revocations').where('cursor', 'in', expired(sentences.length)))
      await Promise.all([swept, ...sentences.map((sentence) => engine.write(merged(sentence)))])
    },
    async find(about) {
      if (about.length === 0) return []
      const rows = db
        .selectFrom('revocations')
        .selectAll()
        .where('ends_at', '>', now())
        .where(({ or, and }) => or(about.map(({ kind, value }) => and({ kind, value }))))
      return (await rows.execute()).map(sentenceOf)
    },
    async cursor() {
      const row = await db.selectFrom('revocations').select('cursor').orderBy('cursor', 'desc').limit(1).executeTakeFirst()
      return row?.cursor ?? 0
    },
    async after(cursor, limit) {
      const rows = db.selectFrom('revocations').selectAll().where('cursor', '>', cursor).where('ends_at', '>', now())
      return (await rows.orderBy('cursor').limit(limit).execute()).map(sentenceOf)
    },
    async begin({ id, longestSeconds: seconds }) {
      await engine.write(
        db
          .insertInto('revocation_list')
          .values({ place, id, longest_seconds: seconds })
          .onConflict((conflict) =>
            conflict
              .column('place')
              .doUpdateSet({ longest_seconds: seconds })
              .where('revocation_list.longest_seconds', '<', seconds),
          ),
      )
    },
    async list() {
      const row = await db.selectFrom('revocation_list').selectAll().executeTakeFirst()
      return row && { id: row.id, longestSeconds: row.longest_seconds }
    },
  }
}

function sentenceOf({ kind, value, before_at: before, ends_at: endsAt, cursor }: Selectable<RevocationTable>): KeptSentence {
  return { kind, value, endsAt, cursor, ...(before !== always && { before }) }
}
