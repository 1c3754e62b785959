/** When the present life of the database began, if a backup was restored. A step of the durable database. */
import type { Migration } from './migration.ts'

export const lineage: Migration = (schema) => [
  schema
    .createTable('lineage')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .compile(),
]
