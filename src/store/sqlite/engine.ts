/** A SQLite database, opened, brought up to date, and ready for the roles. */
import { type Compilable, Kysely } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { Migration } from '../migrations/migration.ts'
import type { SqlEngine } from '../sql/engine.ts'
import type { Tables } from '../sql/tables.ts'
import { commitPerTick } from './commit-per-tick.ts'
import { type Connection, connectionOf } from './connection.ts'
import { readingDialect } from './dialect.ts'
import { openingFault } from './faults.ts'
import { type FileOptions, openFile } from './file.ts'
import { migrate } from './migrate.ts'

export interface EngineOptions extends FileOptions {
  now: Clock
  migrations: readonly Migration[]
  /** Statements that delete what has expired. */
  sweeps(db: Kysely<Tables>): ((values: { now: number; limit: number }) => Compilable)[]
  /** Told of a sweep that failed: the writes beside it go on. */
  onError(error: unknown): void
  /** The last step of opening. */
  prepare?(connection: Connection): void
}

export interface OpenEngine extends SqlEngine {
  /** A commit that changes nothing, but for rows that expired. @throws what a write would throw */
  check(): Promise<void>
  close(): void
}

/** @throws Refusal whose sentence names the file */
export function openEngine(options: EngineOptions): OpenEngine {
  try {
    const connection = connectionOf(openFile(options))
    try {
      return engineOn(connection, options)
    } catch (error) {
      connection.close()
      throw error
    }
  } catch (error) {
    throw openingFault(options.file, error)
  }
}

function engineOn(connection: Connection, { file, now, migrations, sweeps, onError, prepare }: EngineOptions): OpenEngine {
  const db = new Kysely<Tables>({ dialect: readingDialect(connection) })
  migrate(connection, file, db.schema, migrations)
  prepare?.(connection)
  const expired = sweeps(db)
  const sweep = (limit: number) => expired.map((statement) => statement({ now: now(), limit }))
  const { write, close } = commitPerTick(connection, { sweep, onError })
  return {
    db,
    write,
    async check() {
      await write(db.deleteFrom('artifacts').where('model', '=', '').where('id', '=', ''))
    },
    close() {
      close()
      connection.close()
    },
  }
}
