import { expect } from 'chai'
import type { Later } from '../../src/base/clock.ts'
import { digest } from '../../src/crypto/derive.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { endBound } from '../../src/tokens/bonds.ts'
import {
  createRevocations,
  type Dead,
  deadClient,
  deadEverything,
  deadSubject,
  type Revocable,
  sayDead,
} from '../../src/tokens/revocation.ts'
import { until } from '../support/until.ts'

describe('revocation', () => {
  let time = 1_700_000_000
  const now = () => time
  let store: Store
  beforeEach(async () => {
    time = 1_700_000_000
    store = await openStore({ dataFolder: ':memory:', now })
    await store.revocations.begin({ id: 'list', longestSeconds: 600 })
  })
  afterEach(() => store.close())
  const token = (jti: string, change: Partial<Revocable> = {}): Revocable => ({
    jti,
    sub: 'app',
    aud: 'https://notes.example.com',
    iat: now(),
    exp: now() + 60,
    client_id: 'app',
    ...change,
  })
  const endsOf = async () => (await store.revocations.after(0, 10)).map(({ endsAt }) => endsAt - now())

  it('of a token lasts until nobody takes it any more, whose clock may be behind', async () => {
    const revocations = createRevocations(store, now)
    expect(await revocations.isRevoked(token('a'))).to.equal(false)
    await revocations.revokeToken(token('a'))
    expect([await revocations.isRevoked(token('a')), await revocations.isRevoked(token('b'))]).to.deep.equal([true, false])
    expect(await endsOf()).to.deep.equal([360])
    time += 360
    expect(await revocations.isRevoked(token('a'))).to.equal(false)
  })
  const longest = 600 + 300
  const subjects: [string, Dead, Partial<Revocable>, Partial<Revocable>, number][] = [
    ['a grant', { kind: 'grant', value: digest('g') }, { grant: 'g', iat: time + 100 }, { grant: 'h' }, longest],
    ['a subject, issued until then', deadSubject('ada', time), { sub: 'ada' }, { sub: 'ada', iat: time + 1 }, longest],
    [
      'a client, issued until then by any clock, API keys too',
      deadClient('web', time),
      { client_id: 'web', iat: time + 5 },
      { client_id: 'web', iat: time + 6 },
      366 * 86_400 + 300,
    ],
  ]
  for (const [what, dead, revoked, other, seconds] of subjects) {
    it(`is about ${what}, and nothing else`, async () => {
      const revocations = createRevocations(store, now)
      expect(await revocations.isRevoked(token('a', revoked))).to.equal(false)
      await sayDead(store.revocations, [dead], now())
      expect([await revocations.isRevoked(token('a', revoked)), await revocations.isRevoked(token('a', other))]).to.deep.equal([
        true,
        false,
      ])
      expect(await endsOf(), 'the longest that one of them lives, and what clocks may differ').to.deep.equal([seconds])
    })
  }
  it('lasts as long as any token lives that was issued before the settings were shortened', async () => {
    await store.revocations.begin({ id: 'list', longestSeconds: 60 })
    await sayDead(store.revocations, [deadSubject('ada', time)], now())
    expect(await endsOf()).to.deep.equal([900])
  })
  it('for good is said once, however often it is tried', async () => {
    const dead = [{ kind: 'grant', value: 'g' } as const]
    await sayDead(store.revocations, dead, now())
    time += 10
    await sayDead(store.revocations, dead, now())
    expect(await store.revocations.cursor()).to.equal(1)
  })
  for (const bond of [{ account: 'ada' }, { client: 'web' }, { grant: digest('g') }]) {
    it(`ends each grant with what hangs on it: ${Object.keys(bond)}`, async () => {
      const revocations = createRevocations(store, now)
      const row = { model: 'Grant', payload: '', expiresAt: now() + 60 }
      await store.artifacts.put({ ...row, id: 'a', account: 'ada', client: 'web', grant: digest('g') })
      await store.artifacts.put({ ...row, id: 'b', account: 'bob', client: 'spa', grant: digest('h') })
      expect(await endBound(store, bond, now())).to.equal(1)
      const judged = ['g', 'h'].map((grant) => revocations.isRevoked(token('a', { grant })))
      expect(await Promise.all(judged)).to.deep.equal([true, false])
    })
  }
  it('outlives what else it hung on', async () => {
    const revocations = createRevocations(store, now)
    await revocations.revokeToken(token('a'))
    await store.artifacts.removeBound({ client: 'app' })
    expect(await revocations.isRevoked(token('a'))).to.equal(true)
  })
  it('of single tokens becomes one sentence about what its client was issued, however many of them there are', async () => {
    const waiting: (() => void)[] = []
    const later: Later = (_, look) => waiting.push(look)
    const revocations = createRevocations(store, now, { mostPerClient: 2, later })
    const isDead = (jti: string, change: Partial<Revocable> = {}) => revocations.isRevoked(token(jti, change))
    const rows = async () => (await store.revocations.after(0, 1_000)).map(({ kind }) => kind)
    for (const jti of ['a', 'b', 'b', 'a']) await revocations.revokeToken(token(jti))
    expect(await rows()).to.deep.equal(['token', 'token'])
    // A machine that revokes each token that it gets: ten a second.
    for (let second = 0; second < 5; second++) {
      time++
      const got = Array.from({ length: 10 }, (_, at) => token(`${second}.${at}`))
      const answered = got.map((one) => revocations.revokeToken(one))
      await until('what waits for the next second', () => waiting.length === got.length)
      expect(await isDead('next', { iat: time + 1 }), 'what is asked for once it is answered').to.equal(false)
      for (const look of waiting.splice(0)) look()
      await until('who looks again', () => waiting.length === got.length)
      time++
      for (const look of waiting.splice(0)) look()
      await Promise.all(answered)
      expect(await Promise.all(got.map((one) => revocations.isRevoked(one))), 'what was acknowledged').to.not.include(false)
    }
    expect(await rows()).to.deep.equal(['token', 'token', 'client_tokens'])
    expect(await store.revocations.cursor(), 'said once a second').to.equal(2 + 5)
    expect((await endsOf()).at(-1), 'the longest that a token of then can live').to.equal(899)
    expect(await isDead('older', { iat: time - 5 }), 'with its elders').to.equal(true)
    expect(await revocations.isRevoked(token('key', { iat: time - 5 }), 'api_key'), 'and no API key').to.equal(false)
    expect(await isDead('newer', { iat: time + 1 })).to.equal(false)
    expect(await isDead('other', { client_id: 'another', sub: 'another' })).to.equal(false)
    time += 3_600
    await revocations.revokeToken(token('e'))
    expect((await rows()).at(-1), 'one by one again, an hour later').to.equal('token')
    await revocations.revokeToken(token('f', { exp: now() }))
    expect(await store.revocations.cursor()).to.equal(2 + 5 + 1)
  })
  it('of everything ends what was issued by then, whoever has it', async () => {
    const revocations = createRevocations(store, now)
    await sayDead(store.revocations, [deadEverything(time, time)], time)
    const judged = [0, 1].map((later) => revocations.isRevoked(token('a', { iat: time + later })))
    expect(await Promise.all(judged)).to.deep.equal([true, false])
    expect(await endsOf(), 'as long as the longest API key').to.deep.equal([366 * 86_400 + 300])
  })
})
