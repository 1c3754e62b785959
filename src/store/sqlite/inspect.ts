/** What a database is like, read without a trace: no row, no file beside it, no lock that anybody waits for. */
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { VaultEntry } from '../store.ts'
import { openingFault } from './faults.ts'

export interface DatabaseFacts {
  bytes: number
  mode: number
  /** `ok`, or SQLite's word for what is wrong. */
  integrity: string
  /** Steps that it has taken; undefined when it is no database of ours. */
  version: number | undefined
}

export interface PeopleFacts {
  hasDemo: boolean
  /** Seconds since the epoch, of what was written last. */
  newestAt: number | undefined
  /** Of some clients, as they are kept. */
  registrations: string[]
}

/**
 * Reads all of it, which takes seconds for each gigabyte.
 * @returns undefined when there is none @throws Refusal `store_damaged`, `store_unusable`
 */
export function inspectDatabase(file: string): DatabaseFacts | undefined {
  if (!existsSync(file)) return undefined
  const { size, mode } = statSync(file)
  return reading(file, (database) => ({
    bytes: size,
    mode,
    integrity: String(database.prepare('pragma quick_check(1)').get()?.quick_check),
    version: hasTable(database, 'schema_version') ? Number(firstOf(database, 'select version from schema_version')) : undefined,
  }))
}

/** Of the durable database. @returns undefined when there is none, or one without people */
export function inspectPeople(file: string): PeopleFacts | undefined {
  if (!existsSync(file)) return undefined
  return reading(file, (database) => {
    if (!hasTable(database, 'accounts') || !hasTable(database, 'clients')) return undefined
    const of = (sql: string) => ['accounts', 'clients'].map((table) => firstOf(database, sql.replace('?', table)))
    const times = of('select max(created_at) from ?').filter((at) => at !== null)
    return {
      hasDemo: of('select count(*) from ? where demo = 1').some((count) => Number(count) > 0),
      newestAt: times.length > 0 ? Math.max(...times.map(Number)) : undefined,
      registrations: database
        .prepare('select registration from clients order by id limit 100')
        .all()
        .map(({ registration }) => String(registration)),
    }
  })
}

export interface SealedFacts {
  vault: VaultEntry[]
  /** How many living artifacts and letters begin with which name; `''`: with none. */
  records: Map<string, number>
}

/**
 * Of the durable database. Reads every artifact and letter.
 * @param nameLength how long a name is, before the dot that ends it
 * @returns undefined when there is none, or one from before there was a vault
 */
export function inspectSealed(file: string, nameLength: number, now: number): SealedFacts | undefined {
  if (!existsSync(file)) return undefined
  return reading(file, (database) => {
    if (!hasTable(database, 'vault') || !hasTable(database, 'artifacts')) return undefined
    const sealed = ['select payload, expires_at from artifacts']
    if (hasTable(database, 'letters')) sealed.push('select sealed as payload, expires_at from letters')
    const counted = database.prepare(
      `select case when substr(payload, ${nameLength + 1}, 1) = '.' then substr(payload, 1, ${nameLength}) else '' end as name,
         count(*) as records from (${sealed.join(' union all ')}) where expires_at > ? group by 1`,
    )
    return {
      vault: database.prepare('select name, sealed from vault order by name').all() as unknown as VaultEntry[],
      records: new Map(counted.all(now).map(({ name, records }) => [String(name), Number(records)])),
    }
  })
}

/** Of the durable database. @returns the sealed value of that name; undefined when there is none, or no vault */
export function inspectVault(file: string, name: string): string | undefined {
  if (!existsSync(file)) return undefined
  return reading(file, (database) => {
    if (!hasTable(database, 'vault')) return undefined
    const sealed = database.prepare('select sealed from vault where name = ?').get(name)?.sealed
    return sealed === undefined ? undefined : String(sealed)
  })
}

function reading<T>(file: string, use: (database: DatabaseSync) => T): T {
  const place = pathToFileURL(file)
  // Nobody has it open: SQLite would make its log to read it, and leave it there.
  if (!existsSync(`${file}-wal`)) place.searchParams.set('immutable', '1')
  try {
    const database = new DatabaseSync(place, { readOnly: true, timeout: 2_000 })
    try {
      return use(database)
    } finally {
      database.close()
    }
  } catch (cause) {
    throw openingFault(file, cause)
  }
}

const firstOf = (database: DatabaseSync, sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0] ?? null

const hasTable = (database: DatabaseSync, name: string): boolean =>
  database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(name) !== undefined
