/** Since when the database is what it is, in a SQL table of one row at most. */
import type { LineageStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'

export function sqlLineage(engine: SqlEngine): LineageStore {
  const { db } = engine
  const newest = db.selectFrom('lineage').selectAll().orderBy('began_at', 'desc').limit(1).compile()
  return {
    async current() {
      const [row] = (await db.executeQuery(newest)).rows
      return row && { id: row.id, beganAt: row.began_at }
    },
    async begin({ id, beganAt }) {
      await engine.write(db.insertInto('lineage').values({ id, began_at: beganAt }))
      await engine.write(db.deleteFrom('lineage').where('id', '!=', id))
    },
  }
}
