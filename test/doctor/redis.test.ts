/** How a Redis has to be set for what it holds, asked of a real one. */

import { expect } from 'chai'
import { Redis } from 'ioredis'
import { redisChecks } from '../../src/doctor/store.ts'
import type { Settings } from '../../src/settings/load.ts'
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.ts'

describeWithRedis('signet doctor, of Redis', () => {
  let server: RedisServer
  let client: Redis
  before(async () => {
    server = await startRedis()
    client = new Redis(server.url)
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })

  async function seen(artifacts: 'short-lived' | 'all', set: Record<string, string>): Promise<string[]> {
    for (const [name, value] of Object.entries(set)) await client.config('SET', name, value)
    const found: string[] = []
    const settings = { redis: { url: server.url, artifacts, keyPrefix: '' } } as Settings
    for await (const { name, status } of redisChecks(settings)) found.push(`${name} ${status}`)
    return found
  }

  const bounded = { maxmemory: '100mb', 'maxmemory-policy': 'noeviction' }
  for (const [what, artifacts, set, found] of [
    ['one that is set right', 'short-lived', bounded, ['redis ok', 'redis-memory ok', 'redis-persistence ok']],
    ['no bound', 'short-lived', { ...bounded, maxmemory: '0' }, ['redis ok', 'redis-memory warn', 'redis-persistence ok']],
    [
      'eviction',
      'short-lived',
      { ...bounded, 'maxmemory-policy': 'allkeys-lru' },
      ['redis ok', 'redis-memory fail', 'redis-persistence ok'],
    ],
    ['no log', 'all', { ...bounded, appendonly: 'no' }, ['redis ok', 'redis-memory ok', 'redis-persistence fail']],
    [
      'a log that is written late',
      'all',
      { ...bounded, appendonly: 'yes', appendfsync: 'everysec' },
      ['redis ok', 'redis-memory ok', 'redis-persistence warn'],
    ],
    [
      'a log that is written first',
      'all',
      { ...bounded, appendonly: 'yes', appendfsync: 'always' },
      ['redis ok', 'redis-memory ok', 'redis-persistence ok'],
    ],
  ] as [string, 'short-lived' | 'all', Record<string, string>, string[]][]) {
    it(`finds ${what}`, async () => expect(await seen(artifacts, set)).to.deep.equal(found))
  }

  it('writes nothing there', async () => expect(await client.dbsize()).to.equal(0))
})
