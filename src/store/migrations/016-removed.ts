/** What was removed and must not be brought back by what was sent before, by keyed digests. A step of the durable database. */
import type { Migration } from './migration.ts'

export const removed: Migration = (schema) => [
  schema
    .createTable('removed')
    .addColumn('digest', 'text', (column) => column.notNull().primaryKey())
    .addColumn('removed_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .compile(),
  schema.createIndex('removed_expires_at').on('removed').column('expires_at').compile(),
]
