/** What lasts and what is volatile: the databases, their disk, Redis. Looks, and writes nothing. */
import path from 'node:path'
import { Refusal } from '../base/errors.ts'
import type { Settings } from '../settings/load.ts'
import { durableMigrations, volatileMigrations } from '../store/migrations/all.ts'
import type { RedisFacts } from '../store/redis/inspect.ts'
import { isThere, roomFor } from '../store/sqlite/file.ts'
import { inspectDatabase, inspectPeople, type PeopleFacts } from '../store/sqlite/inspect.ts'
import { type Check, fail, ok, warn } from './check.ts'

const megabyte = 1_000_000
/** The log of SQLite may grow to 80 MB between checkpoints; below the other it is nearly out of room. */
const roomBytes = { good: 500 * megabyte, least: 100 * megabyte }

const databases = [
  { name: 'database', file: 'signet.sqlite', migrations: durableMigrations, lost: 'Put a backup back: signet restore FILE.' },
  {
    name: 'volatile-database',
    file: 'volatile.sqlite',
    migrations: volatileMigrations,
    lost: 'The next start makes it anew; sign-ins that are under way begin again.',
  },
] as const

/** @param room of the disk of a file, in bytes */
export async function* databaseChecks(settings: Settings, room = roomFor): AsyncGenerator<Check> {
  const { dataFolder, redis } = settings
  // With Redis there is no volatile database.
  for (const { name, file, migrations, lost } of redis ? databases.slice(0, 1) : databases)
    yield databaseCheck(name, path.join(dataFolder, file), migrations.length, lost)
  if (isThere(dataFolder)) yield diskCheck(dataFolder, await room(path.join(dataFolder, 'signet.sqlite')))
}

function databaseCheck(name: string, file: string, known: number, lost: string): Check {
  const unusable = (sentence: string) => fail(name, sentence, lost)
  try {
    const facts = inspectDatabase(file)
    if (!facts)
      return warn(name, `There is no database ${file} yet.`, 'The first start makes it; or SIGNET_DATA names another folder.')
    if (facts.integrity !== 'ok') return unusable(`${file} is damaged: ${facts.integrity}.`)
    if (facts.version === undefined) return unusable(`${file} is no database of Signet’s.`)
    if (facts.version > known)
      return fail(
        name,
        `${file} was written by a newer release (schema ${facts.version}, here ${known}).`,
        'Start the newer release.',
      )
    if (facts.mode & 0o077) return fail(name, `Others can read ${file}.`, `chmod 600 ${file}*`)
    const old = facts.version < known ? `; the next start takes it from schema ${facts.version} to ${known}` : ''
    return ok(name, `${file} is sound, ${inWords(facts.bytes)}${old}.`)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return cause.code === 'store_damaged'
      ? unusable(cause.message)
      : fail(name, cause.message, 'See who may read the folder, and whether another program holds the file.')
  }
}

function diskCheck(folder: string, bytes: number): Check {
  const sentence = `The disk of ${folder} has ${inWords(bytes)} left.`
  if (bytes < roomBytes.least) return fail('disk', sentence, 'Make room: without it nobody can sign in.')
  if (bytes < roomBytes.good) return warn('disk', sentence, 'Make room soon.')
  return ok('disk', sentence)
}

function inWords(bytes: number): string {
  if (bytes < megabyte) return `${Math.floor(bytes / 1_000)} kB`
  return bytes < 10_000 * megabyte ? `${Math.floor(bytes / megabyte)} MB` : `${Math.floor(bytes / (1_000 * megabyte))} GB`
}

const nobody: PeopleFacts = { hasDemo: false, newestAt: undefined, registrations: [] }

/** @returns nothing known when there is no durable database, or none that can be read: that is said elsewhere */
export function peopleIn({ dataFolder }: Settings): PeopleFacts {
  try {
    return inspectPeople(path.join(dataFolder, 'signet.sqlite')) ?? nobody
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return nobody
  }
}

export function demoCheck({ development, dataFolder }: Settings, { hasDemo }: PeopleFacts): Check {
  if (!hasDemo) return ok('demo-data', 'There is no demo data.')
  if (development) return ok('demo-data', 'There is demo data, as development may have.')
  return fail(
    'demo-data',
    `${dataFolder} holds the demo account, whose password is known.`,
    'Give production a data folder of its own (SIGNET_DATA).',
  )
}

export async function* redisChecks({ redis }: Settings): AsyncGenerator<Check> {
  if (!redis) return
  try {
    // Loaded where it is asked for: the driver takes twenty megabytes.
    const { inspectRedis } = await import('../store/redis/inspect.ts')
    const facts = await inspectRedis(redis.url)
    yield ok('redis', `Redis ${facts.version} answers.`)
    yield memoryCheck(facts)
    yield persistenceCheck(facts, redis.artifacts)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    yield fail('redis', cause.message, 'See whether it runs, and whether redis.url is where.')
  }
}

function memoryCheck({ maxMemoryBytes, evictionPolicy }: RedisFacts): Check {
  const name = 'redis-memory'
  if (evictionPolicy !== 'noeviction')
    return fail(
      name,
      `A full Redis drops what lives (maxmemory-policy ${evictionPolicy}), replay guards too.`,
      'Set maxmemory-policy noeviction: a full Redis then refuses.',
    )
  if (maxMemoryBytes === 0)
    return warn(name, 'Redis may take all the memory of its machine.', 'Set maxmemory; with noeviction a full Redis refuses.')
  return ok(name, `Redis takes ${inWords(maxMemoryBytes)} at most, and drops nothing that lives.`)
}

function persistenceCheck({ appendsOnly, appendSync }: RedisFacts, artifacts: 'short-lived' | 'all'): Check {
  const name = 'redis-persistence'
  if (artifacts === 'short-lived') return ok(name, 'Redis holds what lives for minutes, and may lose it.')
  if (!appendsOnly)
    return fail(
      name,
      'Sessions, grants and refresh tokens are in a Redis that writes no log.',
      'Set appendonly yes and appendfsync always.',
    )
  if (appendSync === undefined)
    return warn(name, 'This user may not ask how Redis writes its log.', 'See that appendfsync is always.')
  if (appendSync !== 'always')
    return warn(name, `A crash can take a second of acknowledged writes (appendfsync ${appendSync}).`, 'Set appendfsync always.')
  return ok(name, 'Redis writes each change to its log before it answers.')
}
