/** Notices that a session ended, owed to clients. The fourth step of the durable database. */
import type { Migration } from './migration.ts'

export const notices: Migration = (schema) => [
  schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .compile(),
  schema.createIndex('notices_expires_at').on('notices').column('expires_at').compile(),
]
