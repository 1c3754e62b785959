/** Brings a SQLite database to the version that this code knows, or refuses it; all of it in one transaction. */
import type { SchemaModule } from 'kysely'
import { Refusal } from '../../base/errors.ts'
import type { Migration } from '../migrations/migration.ts'
import type { Connection } from './connection.ts'

export function migrate(connection: Connection, file: string, schema: SchemaModule, migrations: readonly Migration[]): void {
  const run = (sql: string, ...parameters: number[]) => connection.run<{ version: number }>({ sql, parameters })
  // The lock is taken first: of two processes that start together, the second finds the work of the first.
  run('begin immediate')
  try {
    run('create table if not exists schema_version (version integer not null)')
    const version = run('select version from schema_version').rows[0]?.version
    if (version === undefined) run('insert into schema_version (version) values (0)')
    const done = version ?? 0
    if (done > migrations.length) throw tooNew(file, done, migrations.length)
    for (const migration of migrations.slice(done)) {
      for (const statement of migration(schema)) connection.run(statement)
    }
    run('update schema_version set version = ?', migrations.length)
    run('commit')
  } catch (error) {
    if (connection.inTransaction) run('rollback')
    throw error
  }
}

function tooNew(file: string, found: number, known: number): Refusal {
  return new Refusal(
    'store_too_new',
    `The database ${file} has schema version ${found}, and this release knows versions up to ${known}: start the newer release.`,
    { status: 503, detail: { found, known } },
  )
}
