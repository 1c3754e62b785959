/** The standard claims of a person (OpenID Connect Core s5.1), as JSON. A step of the durable database. */
import type { Migration } from './migration.ts'

export const accountClaims: Migration = (schema) => [
  schema
    .alterTable('accounts')
    .addColumn('claims', 'text', (column) => column.notNull().defaultTo('{}'))
    .compile(),
]
