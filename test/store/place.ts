/** A place on disk for the facts of the SQLite engine, and a clock that stands still until it is told. Fresh for each fact. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { type Compilable, Kysely } from 'kysely'
import { Refusal } from '../../src/base/errors.ts'
import type { Migration } from '../../src/store/migrations/migration.ts'
import type { SqlEngine } from '../../src/store/sql/engine.ts'
import type { Tables } from '../../src/store/sql/tables.ts'
import { type Connection, connectionOf } from '../../src/store/sqlite/connection.ts'
import { readingDialect } from '../../src/store/sqlite/dialect.ts'
import { openFile } from '../../src/store/sqlite/file.ts'
import { migrate } from '../../src/store/sqlite/migrate.ts'
import { openDurable, openVolatile, type VolatileOptions } from '../../src/store/sqlite.ts'
import type { Artifact } from '../../src/store/store.ts'

export class Place {
  time = 0
  folder = ''
  file = ''
  readonly now = () => this.time
  readonly #open: { close(): void }[] = []

  begin(): void {
    this.time = 1_700_000_000
    this.folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
    this.file = join(this.folder, 'data', 'signet.sqlite')
  }

  end(): void {
    for (const one of this.#open.splice(0)) one.close()
    rmSync(this.folder, { recursive: true })
  }

  closing<Closable extends { close(): void }>(one: Closable): Closable {
    this.#open.push(one)
    return one
  }

  durable() {
    return this.closing(openDurable({ file: this.file, now: this.now, busyTimeoutMilliseconds: 0 }))
  }

  volatile(options: Partial<VolatileOptions> = {}) {
    return this.closing(openVolatile({ file: this.file, now: this.now, busyTimeoutMilliseconds: 0, ...options }))
  }

  /** Another program at the same file. */
  stranger(): DatabaseSync {
    return this.closing(new DatabaseSync(this.file))
  }

  /** How many rows there are, expired ones too. */
  count(table: string): number {
    return Number(this.stranger().prepare(`select count(*) as n from ${table}`).get()?.n)
  }

  /** The parts of an engine, for facts about one of them. Writes are not queued. @param watch sees every statement */
  parts(migrations: readonly Migration[], watch: (text: string) => void = () => {}) {
    const database = openFile({ file: this.file, synchronous: 'FULL', busyTimeoutMilliseconds: 0 })
    const bare = this.closing(connectionOf(database))
    const db = new Kysely<Tables>({ dialect: readingDialect(bare) })
    migrate(bare, this.file, db.schema, migrations)
    const connection: Connection = {
      ...bare,
      run(query) {
        watch(query.sql)
        return bare.run(query)
      },
    }
    const engine: SqlEngine = {
      db: new Kysely<Tables>({ dialect: readingDialect(connection) }),
      write: async <Row>(statement: Compilable<Row>) => connection.run<Row>(statement.compile()),
    }
    return { database, connection, engine }
  }

  artifact(id: string, change: Partial<Artifact> = {}): Artifact {
    return { model: 'DeviceCode', id, payload: 'p', expiresAt: this.time + 60, ...change }
  }
}

/** A place for the facts of the surrounding `describe`. */
export function freshPlace(): Place {
  const place = new Place()
  beforeEach(() => place.begin())
  afterEach(() => place.end())
  return place
}

export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(Refusal)
  return error as Refusal
}
