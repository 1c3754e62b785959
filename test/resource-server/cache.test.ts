import { expect } from 'chai'
import { digestOf, tokenCache } from '../../src/resource-server/cache.ts'
import { createApi, expectAccepted, expectRefused, mint, NOW, refusalOf } from './support.ts'

describe('kit: known tokens', () => {
  it('are not verified again', async () => {
    const api = createApi()
    const token = mint()
    const first = await api.verify(token)
    expect(await api.verify(token)).to.equal(first)
    expect(await api.verify(mint())).not.to.equal(first)
  })
  it('are refused when their time has come, to the second', async () => {
    let now = NOW
    const api = createApi({ now: () => now })
    const token = mint({ exp: NOW + 60 })
    await expectAccepted(api, token)
    now = NOW + 64
    await expectAccepted(api, token)
    now = NOW + 65
    await expectRefused(api, token, 'expired')
  })
  it('are asked for their scopes every time', async () => {
    const api = createApi()
    const token = mint()
    await expectAccepted(api, token, 'notes:read')
    await expectRefused(api, token, 'insufficient_scope', 403, 'notes:write')
  })
  it('are not remembered where the API wants none', async () => {
    const api = createApi({ cache: { maxEntries: 0 } })
    const token = mint()
    expect(await api.verify(token)).not.to.equal(await api.verify(token))
  })
  it('are forgotten by close', async () => {
    const api = createApi()
    const token = mint()
    const first = await api.verify(token)
    api.close()
    expect(await api.verify(token)).not.to.equal(first)
  })
  it('leave, the one used longest ago first, when there are too many', async () => {
    const api = createApi({ cache: { maxEntries: 2 } })
    const [a, b, c] = ['a', 'b', 'c'].map((jti) => mint({ jti })) as [string, string, string]
    const kept = await api.verify(a)
    const dropped = await api.verify(b)
    expect(await api.verify(a)).to.equal(kept)
    await api.verify(c)
    expect(await api.verify(a)).to.equal(kept)
    expect(await api.verify(b)).not.to.equal(dropped)
  })
  it('stay when refused ones come by the thousand', async () => {
    const api = createApi({ cache: { maxEntries: 2 } })
    const token = mint()
    const kept = await api.verify(token)
    for (let i = 0; i < 1000; i++) await refusalOf(api.verify(mint({}, { kid: `junk-${i}` })))
    expect(await api.verify(token)).to.equal(kept)
  })
  it('leave in the order in which they were used, however often the cache was full before', () => {
    const cache = tokenCache<number>(4)
    for (let i = 0; i < 1_000; i++) cache.set(`${i}`, i)
    for (const used of [996, 998]) expect(cache.get(`${used}`)).to.equal(used)
    for (const [added, left] of [
      [1_000, 997],
      [1_001, 999],
      [1_002, 996],
      [1_003, 998],
      [1_004, 1_000],
    ] as const) {
      cache.set(`${added}`, added)
      expect(cache.get(`${left}`), `${left}`).to.equal(undefined)
    }
  })
  it('never exceed their bound', () => {
    const cache = tokenCache<number>(100)
    for (let i = 0; i < 10_000; i++) cache.set(digestOf(`${i}`), i)
    const left = Array.from({ length: 10_000 }, (_, i) => cache.get(digestOf(`${i}`))).filter((value) => value !== undefined)
    expect(left).to.have.length(100)
  })
})
