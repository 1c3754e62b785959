/** Sealed values that outlast a secret, by name. A step of the durable database. */
import type { Migration } from './migration.ts'

export const vault: Migration = (schema) => [
  schema
    .createTable('vault')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .compile(),
]
