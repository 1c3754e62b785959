/** The SQLite engine: a durable database for what must last, and a volatile one beside it for what strangers need for a moment. */
import { CompiledQuery } from 'kysely'
import type { Clock, Later } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { durableMigrations, volatileMigrations } from './migrations/all.ts'
import { sqlAccounts } from './sql/accounts.ts'
import { artifactSweep, sqlArtifacts } from './sql/artifacts.ts'
import { sqlAudit } from './sql/audit.ts'
import { sqlClients } from './sql/clients.ts'
import { counterSweep, sqlCounters } from './sql/counters.ts'
import { sqlKeys } from './sql/keys.ts'
import { sqlLetters } from './sql/letters.ts'
import { sqlLineage } from './sql/lineage.ts'
import { sqlNotices } from './sql/notices.ts'
import { sqlRevocations } from './sql/revocations.ts'
import { sqlVault } from './sql/vault.ts'
import { type EngineOptions, type OpenEngine, openEngine } from './sqlite/engine.ts'
import { damaged } from './sqlite/faults.ts'
import { removeFile } from './sqlite/file.ts'
import type { Store } from './store.ts'

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  file: string
  now: Clock
  /** Told of what went wrong beside any request: a failed sweep, a volatile file that had to be made anew. */
  onError?: (error: unknown) => void
  /** While the file is being opened; afterwards only without `later`. */
  busyTimeoutMilliseconds?: number
  /** How another process's lock is waited for, two seconds at most, while what needs no write goes on. */
  later?: Later | undefined
}

export interface VolatileOptions extends SqliteOptions {
  mayRemake?: boolean
  maxArtifacts?: number
  /** Of the model ReplayDetection, which are counted apart. */
  maxReplays?: number
  maxCounters?: number
}

export type DurableRoles = Pick<
  Store,
  'artifacts' | 'accounts' | 'clients' | 'keys' | 'notices' | 'letters' | 'revocations' | 'lineage' | 'vault' | 'audit'
> & {
  /** For a database that was restored: every artifact, every API key, and every notice and letter that is owed, is gone, and whoever signed in by `at` is signed in no more. */
  endAllAccess(at: number): Promise<void>
  check(): Promise<void>
  close(): void
}
export type VolatileRoles = Pick<Store, 'volatile' | 'counters'> & { check(): Promise<void>; close(): void }

/**
 * Opens the database of what must last. Every acknowledged write survives `kill -9` and a loss of power.
 * @throws Refusal `store_unusable` when the file cannot serve, `store_too_new` when a newer release wrote it; the sentence names the file
 */
export function openDurable(options: SqliteOptions): DurableRoles {
  const { file, now, onError = ignore, busyTimeoutMilliseconds = 2000, later } = options
  const engine = openEngine({
    file,
    now,
    later,
    synchronous: 'FULL',
    busyTimeoutMilliseconds,
    migrations: durableMigrations,
    onError,
    sweeps: (db) => [artifactSweep(db)],
  })
  return {
    artifacts: sqlArtifacts(engine, now),
    accounts: sqlAccounts(engine, now),
    clients: sqlClients(engine),
    keys: sqlKeys(engine, now),
    notices: sqlNotices(engine, now),
    letters: sqlLetters(engine, now),
    revocations: sqlRevocations(engine, now),
    lineage: sqlLineage(engine),
    vault: sqlVault(engine),
    audit: sqlAudit(engine, now),
    async endAllAccess(at) {
      const { db, write } = engine
      await Promise.all([
        write(db.deleteFrom('artifacts')),
        write(db.deleteFrom('api_keys')),
        write(db.deleteFrom('notices')),
        write(db.deleteFrom('letters')),
        write(db.updateTable('accounts').set({ access_ended_at: at })),
      ])
    },
    check: engine.check,
    close: engine.close,
  }
}

/**
 * Opens the database of what may be lost. `synchronous=NORMAL`: a loss of power takes the last commits and nothing else; OFF would be a
 * little faster, but could tear the file in a way that is found only later, in the middle of a request.
 *
 * It is bounded: beyond `maxArtifacts` living rows a new one is refused with `store_full` (503). The alternative, evicting what expires
 * first, would let a stranger throw out an honest visitor at the price of one row; this way whoever is under way finishes, what is
 * there can still change, and a flood harms newcomers only, until its rows expire. Filling it is made dear by quotas per network, and an ordinary
 * sign-in needs no row. Counters are refused likewise, since an evicted counter would be a guess for free; but what strangers name falls into 65,536
 * slots of each kind of limit (`keyedSlot`), and all kinds together have fewer than `maxCounters`. Replay guards, which clients that authenticate
 * cause, have a bound of their own, so that strangers cannot stop them: at `maxReplays` a client that signs assertions of a minute may do so 2,600
 * times a second.
 *
 * A file that is damaged is made anew, and `onError` told, unless another process may have it open (`mayRemake`).
 * @throws Refusal as {@link openDurable}, and `store_damaged`
 */
export function openVolatile(options: VolatileOptions): VolatileRoles {
  const { file, now, onError = ignore, busyTimeoutMilliseconds = 2000, later } = options
  const { maxArtifacts = 100_000, maxReplays = 1_000_000, maxCounters = 3_000_000 } = options
  const engineOptions: EngineOptions = {
    file,
    now,
    later,
    synchronous: 'NORMAL',
    busyTimeoutMilliseconds,
    migrations: volatileMigrations,
    onError,
    prepare(connection) {
      const { rows } = connection.run<{ quick_check: string }>(CompiledQuery.raw('pragma quick_check(1)'))
      if (rows[0]?.quick_check !== 'ok') throw damaged(file, 'is damaged')
      const bound = 'update bounds set at_most = ? where of = ?'
      for (const [most, of] of [
        [maxArtifacts, 'artifacts'],
        [maxReplays, 'replays'],
        [maxCounters, 'counters'],
      ])
        connection.run(CompiledQuery.raw(bound, [most, of]))
    },
    sweeps: (db) => [artifactSweep(db), counterSweep(db)],
  }
  const engine = (options.mayRemake ?? true) ? openOrRecreate(engineOptions) : openEngine(engineOptions)
  return {
    volatile: sqlArtifacts(engine, now),
    counters: sqlCounters(engine, now),
    check: engine.check,
    close: engine.close,
  }
}

/** @param engineOptions of a database that may be lost: when it is damaged, an empty one takes its place */
function openOrRecreate(engineOptions: EngineOptions): OpenEngine {
  try {
    return openEngine(engineOptions)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'store_damaged') throw error
    engineOptions.onError(error)
    removeFile(engineOptions.file)
    return openEngine(engineOptions)
  }
}

function ignore(): void {}
