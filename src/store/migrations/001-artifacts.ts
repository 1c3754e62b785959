/** Artifacts, and an index for each way by which they are found or ended. The first step of the durable and of the volatile database. */
import type { CreateIndexBuilder } from 'kysely'
import type { Migration } from './migration.ts'

export const artifacts: Migration = (schema) => [
  schema
    .createTable('artifacts')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('uid', 'text')
    .addColumn('user_code', 'text')
    .addColumn('account_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('grant_id', 'text')
    .addColumn('consumed_at', 'bigint')
    .addPrimaryKeyConstraint('artifacts_primary', ['model', 'id'])
    .compile(),
  schema.createIndex('artifacts_expires_at').on('artifacts').column('expires_at').compile(),
  whereSet(schema.createIndex('artifacts_uid').on('artifacts').columns(['uid', 'model']), 'uid'),
  whereSet(schema.createIndex('artifacts_user_code').on('artifacts').columns(['user_code', 'model']), 'user_code'),
  whereSet(schema.createIndex('artifacts_account').on('artifacts').column('account_id'), 'account_id'),
  whereSet(schema.createIndex('artifacts_client').on('artifacts').column('client_id'), 'client_id'),
  whereSet(schema.createIndex('artifacts_grant').on('artifacts').column('grant_id'), 'grant_id'),
]

/** Most rows lack most of these columns; an index that leaves them out costs nothing for them. */
function whereSet<Column extends string>(index: CreateIndexBuilder<Column>, column: Column) {
  return index.where(column, 'is not', null).compile()
}
