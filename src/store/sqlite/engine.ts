/** A SQLite database, opened, brought up to date, and ready for the roles. */
import { type Compilable, CompiledQuery, Kysely } from 'kysely'
import type { Clock, Later } from '../../base/clock.ts'
import type { Migration } from '../migrations/migration.ts'
import type { SqlEngine } from '../sql/engine.ts'
import type { Tables } from '../sql/tables.ts'
import { commitPerTick } from './commit-per-tick.ts'
import { type Connection, connectionOf } from './connection.ts'
import { readingDialect } from './dialect.ts'
import { diskFull, openingFault } from './faults.ts'
import { type FileOptions, openFile, roomFor } from './file.ts'
import { migrate } from './migrate.ts'

export interface EngineOptions extends FileOptions {
  now: Clock
  migrations: readonly Migration[]
  /** Statements that delete what has expired. */
  sweeps(db: Kysely<Tables>): ((values: { now: number; limit: number }) => Compilable)[]
  /** Told of a sweep that failed: the writes beside it go on. */
  onError(error: unknown): void
  /** See `commitPerTick`. */
  later?: Later | undefined
  /** The last step of opening. */
  prepare?(connection: Connection): void
}

export interface OpenEngine extends SqlEngine {
  /** A commit that writes to the disk as any other does, and leaves everything as it was. @throws what a write would throw, also while the disk is nearly full */
  check(): Promise<void>
  close(): void
}

/**
 * In milliseconds, and the event loop stands still meanwhile: enough for a neighbour's commit and for what a reader may meet (a log that is
 * being recovered). What takes longer is waited for without standing still.
 */
const waitBriefly = CompiledQuery.raw('pragma busy_timeout = 10')

/** A small commit may still fit into what a larger one, that failed, had taken of the disk: so there has to be room for more than itself. */
const leastRoomBytes = 1_000_000

/** The one row of its table becomes what it is: a page for the log, where an empty commit would write nothing. */
const rewriteVersion = { compile: () => CompiledQuery.raw('update schema_version set version = version') }

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

function engineOn(connection: Connection, { file, now, migrations, sweeps, onError, later, prepare }: EngineOptions): OpenEngine {
  const db = new Kysely<Tables>({ dialect: readingDialect(connection) })
  migrate(connection, file, db.schema, migrations)
  prepare?.(connection)
  if (later) connection.run(waitBriefly)
  const expired = sweeps(db)
  const sweep = (limit: number) => expired.map((statement) => statement({ now: now(), limit }))
  const { write, close } = commitPerTick(connection, { sweep, onError, later })
  return {
    db,
    write,
    async check() {
      await write(rewriteVersion)
      if ((await roomFor(file)) < leastRoomBytes) throw diskFull(file)
    },
    close() {
      close()
      connection.close()
    },
  }
}
