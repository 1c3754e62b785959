/** People and registered clients. The second step of the durable database. */
import type { Migration } from './migration.ts'

export const accountsAndClients: Migration = (schema) => [
  schema
    .createTable('accounts')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('email_key', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('roles', 'text', (column) => column.notNull())
    .addColumn('demo', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('disabled_at', 'bigint')
    .addColumn('access_ended_at', 'bigint')
    .compile(),
  schema
    .createTable('clients')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('registration', 'text', (column) => column.notNull())
    .addColumn('demo', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .compile(),
]
