/** The vault in a SQL table. Its rows are few: none is found by an index but by its name. */
import { sql } from 'kysely'
import type { VaultStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'

export function sqlVault(engine: SqlEngine): VaultStore {
  const { db } = engine
  const changed = async (statement: Parameters<SqlEngine['write']>[0]) => (await engine.write(statement)).changes === 1
  return {
    add: (entry) =>
      changed(
        db
          .insertInto('vault')
          .values(entry)
          .onConflict((conflict) => conflict.column('name').doNothing()),
      ),
    async find(name) {
      return (await db.selectFrom('vault').select('sealed').where('name', '=', name).executeTakeFirst())?.sealed
    },
    list: (prefix) =>
      db
        .selectFrom('vault')
        .select(['name', 'sealed'])
        .where(sql`substr(name, 1, ${prefix.length})`, '=', prefix)
        .orderBy('name')
        .execute(),
    replace: ({ name, sealed }, read) =>
      changed(db.updateTable('vault').set({ sealed }).where('name', '=', name).where('sealed', '=', read)),
    remove: (name) => changed(db.deleteFrom('vault').where('name', '=', name)),
  }
}
