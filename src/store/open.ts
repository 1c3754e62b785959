/** Settings to a store: which engine takes which role. */
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import type { Clock, Later } from '../base/clock.ts'
import { routedArtifacts } from './routed.ts'
import { IN_MEMORY } from './sqlite/file.ts'
import { openDurable, openVolatile } from './sqlite.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** Where `signet.sqlite` and `volatile.sqlite` lie; `:memory:` keeps both in memory, for tests. */
  dataFolder: string
  /**
   * - `short-lived`: the volatile role, the counters and authorization codes are in Redis, everything else in SQLite. When Redis loses
   *   its memory, people who were signing in at that moment begin again, and guess counters begin at zero.
   * - `all`: every artifact is in Redis, and only accounts and clients in SQLite. Sessions, grants and refresh tokens are then as durable
   *   as Redis is set to be, see `redis.ts`.
   */
  redis?: { url: string; artifacts: 'short-lived' | 'all'; keyPrefix?: string }
  /** Whether a volatile file that is damaged is made anew: not beside another process that has it open. */
  mayRemake?: boolean
  now: Clock
  later?: Later
  /** Told of what goes wrong beside any request: a lost connection, a failed sweep, a damaged volatile file. */
  onError?: (error: unknown) => void
}

/** They live for a minute, and each sign-in writes and uses one up: what Redis spares the disk most. */
const shortLivedModels = new Set(['AuthorizationCode'])

/** @throws Refusal with one sentence that names the file or the host when a part cannot be opened; nothing stays open then */
export async function openStore({
  dataFolder,
  redis,
  mayRemake = true,
  now,
  later,
  onError = () => {},
}: StoreOptions): Promise<Store> {
  const fileOf = (name: string) => (dataFolder === IN_MEMORY ? IN_MEMORY : join(dataFolder, name))
  const durable = openDurable({ file: fileOf('signet.sqlite'), now, later, onError })
  try {
    if (!redis) {
      const { check, close, ...roles } = openVolatile({ file: fileOf('volatile.sqlite'), mayRemake, now, later, onError })
      return { ...durable, ...roles, check: both(durable.check, check), close: once(durable.close, close) }
    }
    // Loaded where it is asked for: the driver takes twenty megabytes.
    const { connectRedis, redisRoles } = await import('./redis.ts')
    const client = await connectRedis({ url: redis.url, onError })
    const inRedis = redisRoles(client, { now, keyPrefix: redis.keyPrefix })
    const artifacts =
      redis.artifacts === 'all' ? inRedis.artifacts : routedArtifacts(shortLivedModels, inRedis.artifacts, durable.artifacts)
    const check = both(durable.check, () => client.ping())
    return { ...durable, ...inRedis, artifacts, check, close: once(durable.close, () => leave(client)) }
  } catch (error) {
    durable.close()
    throw error
  }
}

/** QUIT waits for the answers that are under way; without a connection there is nothing to wait for. */
async function leave(client: Redis): Promise<void> {
  await client.quit().catch(() => client.disconnect())
}

const both =
  (...checks: (() => Promise<unknown>)[]) =>
  async () => {
    await Promise.all(checks.map((check) => check()))
  }

/** Closing twice is closing once: a shutdown may be asked for by more than one signal. */
function once(...closes: (() => void | Promise<void>)[]): () => Promise<void> {
  let closed = false
  return async () => {
    if (closed) return
    closed = true
    for (const close of closes) await close()
  }
}
