import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { connectRedis, type RedisRoles, redisRoles } from '../../src/store/redis.ts'
import type { Artifact } from '../../src/store/store.ts'
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { refusalOf } from './place.ts'

const START = 1_700_000_000
const made = (id: string, change: Partial<Artifact> = {}): Artifact => ({
  model: 'DeviceCode',
  id,
  payload: 'p',
  expiresAt: START + 60,
  ...change,
})

describeWithRedis('a Redis store', () => {
  let server: RedisServer
  let client: Redis
  let roles: RedisRoles
  let told: unknown[]
  let time: number

  beforeEach(async () => {
    time = START
    told = []
    server = await startRedis()
    client = await connectRedis({ url: server.url, onError: (error) => told.push(error) })
    roles = redisRoles(client, { now: () => time, keyPrefix: 'test:' })
  })
  afterEach(async () => {
    client.disconnect()
    await server.stop()
  })

  it('leaves nothing without an end, and sets outlive their longest member', async () => {
    const bonds = { grant: 'g', account: 'p', client: 'k', uid: 'u', userCode: 'c' }
    await roles.volatile.put(made('long', { ...bonds, expiresAt: START + 1000 }))
    await roles.volatile.put(made('short', bonds))
    await roles.volatile.put(made('replaced', bonds))
    await roles.volatile.put(made('replaced', { grant: 'h' }))
    await roles.volatile.consume('DeviceCode', 'long')
    await roles.volatile.remove('DeviceCode', 'short')
    await roles.counters.hit('k', 60)
    await roles.counters.hit('k', 60)
    time += 999
    await roles.volatile.consume('DeviceCode', 'replaced')
    await roles.counters.hit('l', 60)
    const keys = await client.keys('*')
    expect(keys).to.have.length(10)
    for (const key of keys) {
      const longest = /:(row:DeviceCode:long|grant:g|account|client|uid|user-code)/.test(key) ? 1000 : 60
      expect(await client.pttl(key), key).to.be.within((longest - 50) * 1000, longest * 1000)
    }
  })

  it('forgets the expired members of a set when the next comes', async () => {
    for (let i = 0; i < 100; i++) await roles.volatile.put(made(`${i}`, { client: 'k' }))
    time += 60
    await roles.volatile.put(made('next', { client: 'k', expiresAt: time + 60 }))
    expect(await client.zcard('test:volatile:client:k')).to.equal(1)
  })

  it('keeps its roles and prefixes apart', async () => {
    const other = redisRoles(client, { now: () => time, keyPrefix: 'other:' })
    await roles.volatile.put(made('a', { grant: 'g' }))
    for (const store of [roles.artifacts, other.volatile]) {
      expect(await store.find('DeviceCode', 'a')).to.equal(undefined)
      expect(await store.removeBound({ grant: 'g' })).to.equal(0)
    }
    for (const key of await client.keys('*')) expect(key).to.match(/^test:/)
  })

  it('knows its scripts again after Redis forgot them', async () => {
    await roles.volatile.put(made('a'))
    await client.script('FLUSH')
    expect(await roles.volatile.consume('DeviceCode', 'a')).to.equal(true)
  })

  it('refuses what has no room, and leaves what is there as it was', async () => {
    await roles.volatile.put(made('a', { grant: 'g' }))
    await client.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
    for (const call of [roles.volatile.put(made('b')), roles.volatile.put(made('a')), roles.counters.hit('k', 60)]) {
      const refusal = await refusalOf(call)
      expect([refusal.code, refusal.status]).to.deep.equal(['store_full', 503])
    }
    expect(await roles.volatile.find('DeviceCode', 'a')).to.deep.equal(made('a', { grant: 'g' }))
    expect(await roles.volatile.removeBound({ grant: 'g' })).to.equal(1)
  })

  it('refuses for now without a connection, tells the operator, and comes back by itself', async () => {
    await roles.volatile.put(made('a'))
    await server.stop()
    const calls = [
      roles.volatile.put(made('b')),
      roles.volatile.find('DeviceCode', 'a'),
      roles.volatile.consume('DeviceCode', 'a'),
      roles.volatile.removeBound({ grant: 'g' }),
      roles.counters.hit('k', 60),
      roles.counters.takeBack('k', 0),
    ]
    for (const refusal of await Promise.all(calls.map(refusalOf))) {
      expect([refusal.code, refusal.status]).to.deep.equal(['temporarily_unavailable', 503])
      expect(refusal.retryAfterSeconds).to.be.greaterThan(0)
    }
    // `once` of node:events would take a try that came too early for the end of it.
    const back = new Promise((resolve) => client.once('ready', resolve))
    server = await startRedis({ port: server.port })
    await back
    // Nothing that was refused runs later.
    expect(await client.dbsize()).to.equal(0)
    await roles.volatile.put(made('c'))
    expect(await roles.volatile.find('DeviceCode', 'c')).to.deep.equal(made('c'))
    expect(`${told[0]}`).to.equal(`Error: The connection to Redis at 127.0.0.1:${server.port} was lost.`)
  })
})

describe('a connection to Redis', () => {
  it('is refused in one sentence that names the host and not the password', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as { port: number }
    free.close()
    await once(free, 'close')
    const refusal = await refusalOf(connectRedis({ url: `redis://:hush@127.0.0.1:${port}`, onError: () => {} }))
    expect(refusal.code).to.equal('store_unusable')
    expect(refusal.message).to.equal(`Redis at 127.0.0.1:${port} cannot be reached.`)
  })

  it('does not wait for a server that stops answering', async () => {
    const sockets: Socket[] = []
    // Answers what a connection needs to come about, and nothing after it.
    const silent = createServer((socket) => {
      sockets.push(socket)
      socket.on('data', (data) => {
        for (const _ of `${data}`.matchAll(/\b(info|client)\b/gi)) socket.write('+OK\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const client = await connectRedis({ url: `redis://127.0.0.1:${port}`, onError: () => {}, commandTimeoutMilliseconds: 50 })
    const { volatile } = redisRoles(client, { now: () => START })
    expect((await refusalOf(volatile.find('DeviceCode', 'a'))).code).to.equal('temporarily_unavailable')
    client.disconnect()
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})
