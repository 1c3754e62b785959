/** Registered clients in a SQL table. */
import type { ClientRow, ClientStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import type { ClientTable } from './tables.ts'

export function sqlClients(engine: SqlEngine): ClientStore {
  const { db } = engine
  return {
    async add(client) {
      const { changes } = await engine.write(
        db
          .insertInto('clients')
          .values(rowOf(client))
          .onConflict((conflict) => conflict.column('id').doNothing()),
      )
      return changes === 1
    },
    async put(client) {
      const { id: _, ...fields } = rowOf(client)
      await engine.write(
        db
          .insertInto('clients')
          .values(rowOf(client))
          .onConflict((conflict) => conflict.column('id').doUpdateSet(fields)),
      )
    },
    async replace(client, read) {
      const { id, ...fields } = rowOf(client)
      const { changes } = await engine.write(
        db.updateTable('clients').set(fields).where('id', '=', id).where('registration', '=', read),
      )
      return changes === 1
    },
    async find(id) {
      const row = await db.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
      return row && clientOf(row)
    },
    async remove(id) {
      const { changes } = await engine.write(db.deleteFrom('clients').where('id', '=', id))
      return changes === 1
    },
    async hasDemo() {
      return (await db.selectFrom('clients').select('id').where('demo', '=', 1).limit(1).executeTakeFirst()) !== undefined
    },
    async list(limit, afterId) {
      let page = db.selectFrom('clients').selectAll().orderBy('id').limit(limit)
      if (afterId !== undefined) page = page.where('id', '>', afterId)
      return (await page.execute()).map(clientOf)
    },
  }
}

function rowOf(client: ClientRow): ClientTable {
  return { id: client.id, registration: client.registration, demo: Number(client.demo), created_at: client.createdAt }
}

function clientOf(row: ClientTable): ClientRow {
  return { id: row.id, registration: row.registration, demo: row.demo === 1, createdAt: row.created_at }
}
