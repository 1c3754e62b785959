/** A version for each artifact, so that it can be replaced by compare-and-swap. The third step of the durable and the fourth of the volatile database. */
import type { Migration } from './migration.ts'

export const artifactVersion: Migration = (schema) => [
  schema
    .alterTable('artifacts')
    .addColumn('version', 'bigint', (column) => column.notNull().defaultTo(0))
    .compile(),
]
