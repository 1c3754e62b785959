import { expect } from 'chai'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { createRevokedTokens, type Revocable } from '../../src/tokens/revoked-tokens.ts'
import { refusalOf } from '../store/place.ts'

describe('revoked tokens', () => {
  let time = 1_700_000_000
  const now = () => time
  let store: Store
  beforeEach(async () => {
    store = await openStore({ dataFolder: ':memory:', now })
  })
  afterEach(() => store.close())
  const token = (jti: string, change: Partial<Revocable> = {}): Revocable => ({
    jti,
    exp: now() + 60,
    client_id: 'app',
    ...change,
  })

  it('are remembered until their own end', async () => {
    const revoked = createRevokedTokens(store, now)
    expect(await revoked.has('a')).to.equal(false)
    await revoked.add(token('a'))
    expect([await revoked.has('a'), await revoked.has('b')]).to.deep.equal([true, false])
    time += 60
    expect(await revoked.has('a')).to.equal(false)
  })
  it('are forgotten with nothing else: neither their client’s end nor their grant’s', async () => {
    const revoked = createRevokedTokens(store, now)
    await revoked.add(token('a'))
    await store.artifacts.removeBound({ client: 'app' })
    expect(await revoked.has('a')).to.equal(true)
  })
  it('are bounded for each client: beyond it the answer is to try again, and the token lives', async () => {
    const revoked = createRevokedTokens(store, now, 2)
    for (const jti of ['a', 'b', 'b', 'a']) await revoked.add(token(jti))
    const refusal = await refusalOf(revoked.add(token('c')))
    expect(refusal).to.include({ code: 'too_many_revocations', status: 503, retryAfterSeconds: 3_600 })
    expect(await revoked.has('c')).to.equal(false)
    await revoked.add(token('c', { client_id: 'another' }))
    await revoked.add(token('d', { exp: now() }))
    time += 3_600
    await revoked.add(token('e'))
    expect(await revoked.has('e')).to.equal(true)
  })
})
