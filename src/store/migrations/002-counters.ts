/** Counters. The second step of the volatile database. */
import type { Migration } from './migration.ts'

export const counters: Migration = (schema) => [
  schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .compile(),
  schema.createIndex('counters_ends_at').on('counters').column('ends_at').compile(),
]
