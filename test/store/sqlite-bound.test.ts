import { expect } from 'chai'
import { freshPlace, refusalOf } from './place.ts'

describe('the bound of the volatile SQLite store', () => {
  const place = freshPlace()

  it('refuses the row beyond it, and leaves what is there alone', async () => {
    const store = place.volatile({ maxArtifacts: 3 })
    const answers = await Promise.allSettled(['a', 'b', 'c', 'd'].map((id) => store.volatile.put(place.artifact(id))))
    expect(answers.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    const refusal = await refusalOf(store.volatile.insert(place.artifact('d')))
    expect([refusal.code, refusal.status]).to.deep.equal(['store_full', 503])
    await store.volatile.put(place.artifact('a', { payload: 'changed' }))
    expect(await store.volatile.consume('DeviceCode', 'b')).to.equal(true)
  })

  it('has room again for each that is removed or expires', async () => {
    const store = place.volatile({ maxArtifacts: 2 })
    await store.volatile.put(place.artifact('a', { grant: 'g' }))
    await store.volatile.put(place.artifact('b', { grant: 'g' }))
    await store.volatile.remove('DeviceCode', 'a')
    await store.volatile.put(place.artifact('c'))
    await store.volatile.removeBound({ grant: 'g' })
    await store.volatile.put(place.artifact('d'))
    place.time += 60
    await Promise.all(['e', 'f'].map((id) => store.volatile.put(place.artifact(id))))
    expect((await refusalOf(store.volatile.put(place.artifact('g')))).code).to.equal('store_full')
  })

  it('counts what other processes put, and holds after opening again', async () => {
    const [one, other] = [place.volatile({ maxArtifacts: 2 }), place.volatile({ maxArtifacts: 2 })]
    await one.volatile.put(place.artifact('a'))
    await other.volatile.put(place.artifact('b'))
    for (const store of [one, other, place.volatile({ maxArtifacts: 2 })]) {
      expect((await refusalOf(store.volatile.put(place.artifact('c')))).code).to.equal('store_full')
    }
  })

  it('refuses a new counter, and goes on counting the others', async () => {
    const { counters } = place.volatile({ maxCounters: 1 })
    await counters.hit('a', 60)
    expect((await refusalOf(counters.hit('b', 60))).code).to.equal('store_full')
    expect((await counters.hit('a', 60)).count).to.equal(2)
  })
})
