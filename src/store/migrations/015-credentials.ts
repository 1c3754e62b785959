/** What links of an account hang on, which changes of its address can be taken back, and since when its address is confirmed, as operators said until now. A step of the durable database. */
import { CompiledQuery } from 'kysely'
import type { Migration } from './migration.ts'

export const credentials: Migration = (schema) => [
  schema
    .alterTable('accounts')
    .addColumn('credentials_version', 'bigint', (column) => column.notNull().defaultTo(0))
    .compile(),
  schema.alterTable('accounts').addColumn('email_verified_at', 'bigint').compile(),
  schema
    .alterTable('accounts')
    .addColumn('email_changes', 'text', (column) => column.notNull().defaultTo('[]'))
    .compile(),
  CompiledQuery.raw(`update accounts set email_verified_at = created_at where claims like '%"email_verified":true%'`),
]
