import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { Refusal } from '../../src/base/errors.ts'
import { openStore } from '../../src/store/open.ts'
import type { Artifact, Store } from '../../src/store/store.ts'
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.ts'

const now = () => 1_700_000_000
const code: Artifact = { model: 'AuthorizationCode', id: 'c', payload: 'p', expiresAt: now() + 60, grant: 'g' }
const token: Artifact = { model: 'RefreshToken', id: 't', payload: 'p', expiresAt: now() + 60, grant: 'g' }

describe('opening the store', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('makes a durable and a volatile file, and closes both however often it is asked', async () => {
    const store = await openStore({ dataFolder: folder, now })
    await store.artifacts.put(code)
    await store.volatile.put(code)
    await store.close()
    await store.close()
    for (const name of ['signet.sqlite', 'volatile.sqlite']) {
      expect(existsSync(join(folder, name))).to.equal(true)
      // The last connection to close a database takes its log along.
      expect(existsSync(join(folder, `${name}-wal`))).to.equal(false)
    }
  })

  it('keeps what lasts and what may be lost apart', async () => {
    const store = await openStore({ dataFolder: ':memory:', now })
    await store.artifacts.put(code)
    expect(await store.volatile.find(code.model, code.id)).to.equal(undefined)
    expect(await store.volatile.removeBound({ grant: 'g' })).to.equal(0)
    expect(await store.artifacts.find(code.model, code.id)).to.deep.equal(code)
    await store.close()
  })

  it('refuses a folder whose database cannot serve', async () => {
    writeFileSync(join(folder, 'signet.sqlite'), 'Dear diary, '.repeat(100))
    const error = await openStore({ dataFolder: folder, now }).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Refusal).with.property('message').that.includes(join(folder, 'signet.sqlite'))
  })
})

describeWithRedis('opening the store beside Redis', () => {
  let folder: string
  let server: RedisServer
  let client: Redis
  let store: Store
  before(async () => {
    server = await startRedis()
    client = new Redis(server.url)
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
    await client.flushall()
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })

  for (const [artifacts, codeKept, tokenKept] of [
    ['short-lived', false, true],
    ['all', false, false],
  ] as const) {
    it(`keeps in files what Redis is not to hold: ${artifacts}`, async () => {
      const redis = { url: server.url, artifacts }
      store = await openStore({ dataFolder: folder, redis, now })
      await store.artifacts.put(code)
      await store.artifacts.put(token)
      await store.volatile.put(code)
      await store.counters.hit('k', 60)
      expect(await client.keys('signet:*')).not.to.have.length(0)
      expect(existsSync(join(folder, 'volatile.sqlite'))).to.equal(false)
      await client.flushall()
      expect((await store.artifacts.find(code.model, code.id)) !== undefined).to.equal(codeKept)
      expect((await store.artifacts.find(token.model, token.id)) !== undefined).to.equal(tokenKept)
    })
  }

  it('ends a grant in both', async () => {
    store = await openStore({ dataFolder: ':memory:', redis: { url: server.url, artifacts: 'short-lived' }, now })
    await store.artifacts.put(code)
    await store.artifacts.put(token)
    expect(await store.artifacts.removeBound({ grant: 'g' })).to.equal(2)
    expect(await store.artifacts.find(code.model, code.id)).to.equal(undefined)
    expect(await store.artifacts.find(token.model, token.id)).to.equal(undefined)
  })

  it('ends what it can of a grant when Redis is away, and says that it was not all', async () => {
    const own = await startRedis()
    store = await openStore({ dataFolder: ':memory:', redis: { url: own.url, artifacts: 'short-lived' }, now })
    await store.artifacts.put(token)
    await own.stop()
    const error = await store.artifacts.removeBound({ grant: 'g' }).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Refusal).with.property('code', 'temporarily_unavailable')
    expect(await store.artifacts.find(token.model, token.id)).to.equal(undefined)
  })
})
