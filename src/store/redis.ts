/**
 * The Redis engine: artifacts and counters.
 *
 * Redis forgets what its own settings let it forget. With the usual `appendfsync everysec` a crash takes up to a second of acknowledged
 * writes, a failover what had not reached the replica. For a code or a counter that means a minute's doubt; for refresh tokens it can make
 * a used one fresh again. Who keeps all artifacts here and wants the promise of the durable store sets `appendonly yes` and
 * `appendfsync always`. `maxmemory-policy` must be `noeviction`: then a full Redis refuses (`store_full`) instead of dropping what lives.
 * Its memory is one bound for all: when strangers fill it, clients that sign assertions are refused as well, which SQLite keeps apart.
 *
 * One Redis, with replicas or without: a script's keys must lie on one node, so that Redis Cluster cannot serve.
 */
import { Redis } from 'ioredis'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { redisArtifacts } from './redis/artifacts.ts'
import { redisCounters } from './redis/counters.ts'
import { withScripts } from './redis/scripts.ts'
import type { Store } from './store.ts'

export interface RedisOptions {
  now: Clock
  /** Begins every key; `signet:` unless said. */
  keyPrefix?: string
}

export type RedisRoles = Pick<Store, 'artifacts' | 'volatile' | 'counters'>

/** The roles that Redis can take, over a client that is there already; whoever made it closes it. */
export function redisRoles(client: Redis, { now, keyPrefix = 'signet:' }: RedisOptions): RedisRoles {
  const redis = withScripts(client)
  return {
    artifacts: redisArtifacts(redis, `${keyPrefix}kept:`, now),
    volatile: redisArtifacts(redis, `${keyPrefix}volatile:`, now),
    counters: redisCounters(redis, `${keyPrefix}counter:`, now),
  }
}

export interface ConnectOptions {
  url: string
  /** Told of every loss of the connection; it comes back by itself. */
  onError: (error: unknown) => void
  /** How long a command may take before it is refused. */
  commandTimeoutMilliseconds?: number
}

/**
 * A connection on which every command is answered or refused within a bounded time, and which comes back by itself.
 * @throws Refusal `store_unusable` when Redis cannot be reached at first; the sentence names its host, never the password
 */
export async function connectRedis({ url, onError, commandTimeoutMilliseconds = 2000 }: ConnectOptions): Promise<Redis> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: commandTimeoutMilliseconds,
    commandTimeout: commandTimeoutMilliseconds,
    // Half-open connections are given up once an answer is overdue, else every command would run into its limit until TCP noticed.
    socketTimeout: 2 * commandTimeoutMilliseconds,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    // No command waits for a connection, and none is sent again: a `consume` that ran, lost its answer and was repeated would look
    // like a second use of the code, and one that was refused must not run later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  })
  const place = client.options.path ?? `${client.options.host}:${client.options.port}`
  // An error event that nobody hears ends the process.
  client.on('error', onError)
  tellLosses(client, () => onError(new Error(`The connection to Redis at ${place} was lost.`)))
  try {
    await client.connect()
  } catch (cause) {
    client.disconnect()
    throw new Refusal('store_unusable', `Redis at ${place} cannot be reached.`, { status: 503, cause })
  }
  return client
}

/** A connection that the other side closes in good order is no error to ioredis: it is told once, not for each attempt to come back. */
function tellLosses(client: Redis, tell: () => void): void {
  let connected = false
  client.on('ready', () => {
    connected = true
  })
  client.on('reconnecting', () => {
    if (connected) tell()
    connected = false
  })
}
