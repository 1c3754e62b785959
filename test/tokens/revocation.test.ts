import { expect } from 'chai'
import { digest } from '../../src/crypto/derive.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { endBound } from '../../src/tokens/bonds.ts'
import { createRevocations, type Dead, deadClient, deadSubject, type Revocable, sayDead } from '../../src/tokens/revocation.ts'
import { refusalOf } from '../store/place.ts'

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
  const subjects: [string, Dead, Partial<Revocable>, Partial<Revocable>][] = [
    ['a grant', { kind: 'grant', value: digest('g') }, { grant: 'g', iat: time + 100 }, { grant: 'h' }],
    ['a subject, issued until then', deadSubject('ada', time), { sub: 'ada' }, { sub: 'ada', iat: time + 1 }],
    [
      'a client, issued until then by any clock',
      deadClient('web', time),
      { client_id: 'web', iat: time + 5 },
      { client_id: 'web', iat: time + 6 },
    ],
  ]
  for (const [what, dead, revoked, other] of subjects) {
    it(`is about ${what}, and nothing else`, async () => {
      const revocations = createRevocations(store, now)
      expect(await revocations.isRevoked(token('a', revoked))).to.equal(false)
      await sayDead(store.revocations, [dead], now())
      expect([await revocations.isRevoked(token('a', revoked)), await revocations.isRevoked(token('a', other))]).to.deep.equal([
        true,
        false,
      ])
      expect(await endsOf(), 'the longest that a token lives, and what clocks may differ').to.deep.equal([900])
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
  it('of single tokens is bounded for each client: beyond it the answer is to try again, and the token lives', async () => {
    const revocations = createRevocations(store, now, 2)
    for (const jti of ['a', 'b', 'b', 'a']) await revocations.revokeToken(token(jti))
    const refusal = await refusalOf(revocations.revokeToken(token('c')))
    expect(refusal).to.include({ code: 'too_many_revocations', status: 503, retryAfterSeconds: 3_600 })
    expect(await revocations.isRevoked(token('c'))).to.equal(false)
    await revocations.revokeToken(token('c', { client_id: 'another' }))
    await revocations.revokeToken(token('d', { exp: now() }))
    time += 3_600
    await revocations.revokeToken(token('e'))
    expect(await revocations.isRevoked(token('e'))).to.equal(true)
  })
})
