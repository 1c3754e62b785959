import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { AdapterPayload } from 'oidc-provider'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { type SessionAdapter, sessionAdapter } from '../../../src/oauth/records/session-adapter.ts'
import { rememberedSeconds } from '../../../src/oauth/records/sign-ins.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'

describe('the adapter for sessions', () => {
  let time: number
  let store: Store
  let sessions: SessionAdapter
  let visit: AdapterPayload | undefined
  const now = () => time
  const rows = createRows(createSecrets([randomBytes(32).toString('hex')]), now)
  const persons = () => ({ uid: 'uid', accountId: 'ada', loginTs: 1_700_000_000, exp: time + 500 })
  const row = () => store.artifacts.find('Session', rows.idOf('uid'))

  beforeEach(async () => {
    time = 1_700_000_000
    store = await openStore({ dataFolder: ':memory:', now })
    const lifetime = { idleSeconds: 500, absoluteSeconds: 1_000 }
    visit = undefined
    const visits = {
      find: () => visit,
      keep(session: AdapterPayload) {
        visit = session
      },
      end() {
        visit = undefined
      },
    }
    sessions = sessionAdapter({ store: store.artifacts, visits, rows, lifetime, now })
  })
  afterEach(() => store.close())

  it('keeps a person’s where it lasts, and finds it by cookie and by uid', async () => {
    await sessions.upsert('cookie', persons(), 500)
    expect((await row())?.expiresAt).to.equal(time + 500)
    expect(await sessions.find('cookie')).to.deep.equal(persons())
    expect(await sessions.findByUid('uid')).to.deep.equal(persons())
    expect(await sessions.hasSignedIn('uid')).to.equal(true)
    expect(visit).to.equal(undefined)
  })

  it('leaves a stranger’s with its browser', async () => {
    const stranger = { uid: 'uid', state: { secret: 'x' }, exp: time + 500 }
    await sessions.upsert('cookie', stranger, 500)
    expect(await row()).to.equal(undefined)
    expect(visit).to.deep.equal(stranger)
    expect(await sessions.find('cookie')).to.deep.equal(stranger)
    await sessions.destroy('cookie')
    expect(await sessions.find('cookie')).to.equal(undefined)
  })

  it('knows none that was ended, though a request under way saves it again, and keeps no more of it than a stone', async () => {
    await sessions.upsert('cookie', persons(), 500)
    await sessions.destroy('cookie')
    await sessions.upsert('cookie', persons(), 500)
    expect(await sessions.find('cookie')).to.equal(undefined)
    expect(await sessions.findByUid('uid')).to.equal(undefined)
    expect((await row())?.expiresAt).to.equal(time + rememberedSeconds)
    expect(await sessions.hasSignedIn('uid'), 'by this name no other begins').to.equal(true)
    expect(await store.artifacts.removeBound({ account: 'ada' })).to.equal(0)
  })

  it('is moved on by a visit once that gains a tenth of its lifetime, or anything else has changed', async () => {
    const begun = time
    const visitAt = async (seconds: number, more = {}) => {
      time = begun + seconds
      await sessions.upsert('cookie', { ...persons(), ...more }, 500)
      return ((await row())?.expiresAt ?? 0) - begun
    }
    expect(await visitAt(0)).to.equal(500)
    expect(await visitAt(49)).to.equal(500)
    expect(await visitAt(50)).to.equal(550)
    expect(await visitAt(51, { amr: ['pwd'] })).to.equal(551)
  })

  it('keeps what two requests add that both read it before', async () => {
    await sessions.upsert('cookie', persons(), 500)
    const clients = ['one', 'two'].map((id) => ({ [id]: { sid: id } }))
    await Promise.all(clients.map((authorizations) => sessions.upsert('cookie', { ...persons(), authorizations }, 500)))
    expect(await sessions.find('cookie')).to.have.deep.property('authorizations', { ...clients[0], ...clients[1] })
  })

  it('is not written by a request that knows it by a former cookie', async () => {
    await sessions.upsert('cookie', persons(), 500)
    await sessions.upsert('former', { ...persons(), authorizations: { one: { sid: 'x' } } }, 500)
    expect(await sessions.find('former')).to.equal(undefined)
    expect(await sessions.find('cookie')).to.deep.equal(persons())
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
