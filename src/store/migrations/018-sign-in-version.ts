/** What a mailed link for signing in hangs on. A step of the durable database. */
import type { Migration } from './migration.ts'

export const signInVersion: Migration = (schema) => [
  schema.alterTable('accounts').addColumn('sign_in_version', 'bigint').compile(),
]
