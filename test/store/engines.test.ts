import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import RedisMock from 'ioredis-mock'
import { openStore } from '../../src/store/open.ts'
import { connectRedis, redisRoles } from '../../src/store/redis.ts'
import { openDurable, openVolatile } from '../../src/store/sqlite.ts'
import { describeWithRedis, isRedisInstalled, type RedisServer, startRedis } from '../support/redis.ts'
import { contract } from './contract.ts'

const unexpected = (error: unknown) => {
  throw error
}

describe('SQLite, durable, in a file that two processes share', () => {
  contract({
    roles: ['artifacts', 'accounts', 'clients', 'keys', 'notices', 'letters', 'revocations', 'lineage', 'vault', 'audit'],
    async open(now) {
      const folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
      const file = join(folder, 'signet.sqlite')
      const handles = [1, 2].map(() => openDurable({ file, now, onError: unexpected }))
      return {
        handles,
        async close() {
          for (const handle of handles) handle.close()
          rmSync(folder, { recursive: true })
        },
      }
    },
  })
})

describe('SQLite, durable, in memory', () => {
  contract({
    roles: ['artifacts', 'accounts', 'clients', 'keys', 'notices', 'letters', 'revocations', 'lineage', 'vault', 'audit'],
    async open(now) {
      const handle = openDurable({ file: ':memory:', now, onError: unexpected })
      return { handles: [handle], close: async () => handle.close() }
    },
  })
})

describe('SQLite, volatile, in a file that two processes share', () => {
  contract({
    roles: ['artifacts', 'counters'],
    async open(now) {
      const folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
      const file = join(folder, 'volatile.sqlite')
      const opened = [1, 2].map(() => openVolatile({ file, now, onError: unexpected }))
      return {
        handles: opened.map(({ volatile, counters }) => ({ artifacts: volatile, counters })),
        async close() {
          for (const handle of opened) handle.close()
          rmSync(folder, { recursive: true })
        },
      }
    },
  })
})

describe('ioredis-mock', () => {
  contract({
    // It stands in where no Redis is installed. Beside a real one half a minute of Lua in JavaScript would say nothing new of artifacts.
    roles: isRedisInstalled() ? ['counters'] : ['artifacts', 'counters'],
    async open(now) {
      // Mocks of one host and port share their data.
      const clients = [1, 2].map(() => new RedisMock())
      await clients[0]!.flushall()
      return {
        handles: clients.map((client) => redisRoles(client, { now })),
        async close() {
          for (const client of clients) client.disconnect()
        },
      }
    },
  })
})

describeWithRedis('Redis', () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server.stop())

  contract({
    roles: ['artifacts', 'counters'],
    async open(now) {
      const clients = await Promise.all([1, 2].map(() => connectRedis({ url: server.url, onError: unexpected })))
      await clients[0]!.flushall()
      return {
        handles: clients.map((client) => redisRoles(client, { now })),
        async close() {
          for (const client of clients) client.disconnect()
        },
      }
    },
  })

  for (const artifacts of ['short-lived', 'all'] as const) {
    describe(`beside SQLite, holding ${artifacts === 'all' ? 'all artifacts' : 'short-lived artifacts'}`, () => {
      contract({
        roles: [
          'artifacts',
          'accounts',
          'clients',
          'keys',
          'notices',
          'letters',
          'revocations',
          'lineage',
          'vault',
          'audit',
          'counters',
        ],
        async open(now) {
          const keyPrefix = `${Math.random()}:`
          const redis = { url: server.url, artifacts, keyPrefix }
          const store = await openStore({ dataFolder: ':memory:', redis, now, onError: unexpected })
          return { handles: [store], close: store.close }
        },
      })
    })
  }
})
