/** Who did what that changes who may do what. Ids only ever grow, so that they are in the order of the commits. A step of the durable database. */
import type { Migration } from './migration.ts'

export const audit: Migration = (schema) => [
  schema
    .createTable('audit')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('act', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('request', 'text')
    .addColumn('detail', 'text', (column) => column.notNull())
    .compile(),
  schema.createIndex('audit_by_expiry').on('audit').column('expires_at').compile(),
]
