/** API keys that are alive. A step of the durable database. */
import type { Migration } from './migration.ts'

export const apiKeys: Migration = (schema) => [
  schema
    .createTable('api_keys')
    .addColumn('jti', 'text', (column) => column.notNull().primaryKey())
    .addColumn('kid', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('audience', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .compile(),
  schema.createIndex('api_keys_account_id').on('api_keys').column('account_id').compile(),
  schema.createIndex('api_keys_client_id').on('api_keys').column('client_id').compile(),
  schema.createIndex('api_keys_expires_at').on('api_keys').column('expires_at').compile(),
]
