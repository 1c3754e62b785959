/** Letters that are owed to people, sealed. A step of the durable database. */
import type { Migration } from './migration.ts'

export const letters: Migration = (schema) => [
  schema
    .createTable('letters')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .compile(),
  schema.createIndex('letters_expires_at').on('letters').column('expires_at').compile(),
]
