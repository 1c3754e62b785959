/** Sentences of revocation, and the longest that a token ever lived. A step of the durable database. */
import type { Migration } from './migration.ts'

export const revocations: Migration = (schema) => [
  schema
    .createTable('revocations')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('before_at', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .addColumn('cursor', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('revocations_about', ['kind', 'value'])
    .compile(),
  schema.createIndex('revocations_cursor').on('revocations').column('cursor').unique().compile(),
  schema.createIndex('revocations_ends_at').on('revocations').column('ends_at').compile(),
  schema
    .createTable('revocation_list')
    .addColumn('place', 'integer', (column) => column.notNull().primaryKey())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('longest_seconds', 'bigint', (column) => column.notNull())
    .compile(),
]
