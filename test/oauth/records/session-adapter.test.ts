import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Adapter } from 'oidc-provider'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { sessionAdapter } from '../../../src/oauth/records/session-adapter.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'

describe('the adapter for sessions', () => {
  let time: number
  let store: Store
  let sessions: Adapter
  const now = () => time
  const rows = createRows(createSecrets([randomBytes(32).toString('hex')]), now)
  const persons = () => ({ uid: 'uid', accountId: 'ada', loginTs: 1_700_000_000, exp: time + 500 })
  const lying = async () => ({
    lasting: (await store.artifacts.find('Session', rows.idOf('cookie')))?.expiresAt,
    passing: (await store.volatile.find('Session', rows.idOf('cookie')))?.expiresAt,
  })

  beforeEach(async () => {
    time = 1_700_000_000
    store = await openStore({ dataFolder: ':memory:', now })
    const lifetime = { idleSeconds: 500, absoluteSeconds: 1_000 }
    sessions = sessionAdapter({ lasting: store.artifacts, passing: store.volatile, rows, lifetime, now })
  })
  afterEach(() => store.close())

  it('keeps a person’s where it lasts, and finds it by cookie and by uid', async () => {
    await sessions.upsert('cookie', persons(), 500)
    expect(await lying()).to.deep.equal({ lasting: time + 500, passing: undefined })
    expect(await sessions.find('cookie')).to.deep.equal(persons())
    expect(await sessions.findByUid('uid')).to.deep.equal(persons())
  })

  it('keeps a stranger’s for an hour where it may be lost, and one that holds nothing not at all', async () => {
    await sessions.upsert('cookie', { uid: 'uid', exp: time + 500 }, 500)
    expect(await lying()).to.deep.equal({ lasting: undefined, passing: undefined })
    await sessions.upsert('cookie', { uid: 'uid', state: { secret: 'x' }, exp: time + 500 }, 500)
    expect(await lying()).to.deep.equal({ lasting: undefined, passing: time + 3_600 })
    expect(await sessions.find('cookie')).to.deep.include({ state: { secret: 'x' } })
    expect(await sessions.findByUid('uid')).to.deep.include({ state: { secret: 'x' } })
  })

  it('knows none that was ended, though a request under way saves it again, and keeps no more of it than a stone', async () => {
    for (const payload of [persons(), { uid: 'uid', state: { secret: 'x' } }]) {
      await sessions.upsert('cookie', payload, 500)
      await sessions.destroy('cookie')
      await sessions.upsert('cookie', payload, 500)
      expect(await sessions.find('cookie')).to.equal(undefined)
      expect(await sessions.findByUid('uid')).to.equal(undefined)
      expect(Object.values(await lying())).to.include(time + 300)
    }
    expect(await store.artifacts.removeBound({ account: 'ada' })).to.equal(0)
  })

  it('knows none past its absolute end, however long its row was to live', async () => {
    await sessions.upsert('cookie', { ...persons(), exp: time + 5_000 }, 5_000)
    time += 999
    expect(await sessions.find('cookie')).not.to.equal(undefined)
    time += 1
    expect(await sessions.find('cookie')).to.equal(undefined)
    expect(await sessions.findByUid('uid')).to.equal(undefined)
  })

  it('refuses what no session is for, as a mistake of ours', async () => {
    for (const call of [sessions.consume('cookie'), sessions.findByUserCode('x'), sessions.revokeByGrantId('x')])
      expect(await Promise.resolve(call).catch((cause: unknown) => cause)).to.be.instanceOf(TypeError)
  })
})
