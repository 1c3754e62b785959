import { expect } from 'chai'
import { volatileMigrations } from '../../src/store/migrations/all.ts'
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

  it('does not count replay guards of clients among strangers’ rows, nor the other way round', async () => {
    const { volatile } = place.volatile({ maxArtifacts: 1, maxReplays: 2 })
    const guard = (id: string) => place.artifact(id, { model: 'ReplayDetection' })
    const full = async (call: Promise<unknown>) => expect((await refusalOf(call)).code).to.equal('store_full')
    await volatile.put(place.artifact('a'))
    await full(volatile.put(place.artifact('b')))
    for (const id of ['a', 'b']) expect(await volatile.insert(guard(id))).to.equal(true)
    await full(volatile.insert(guard('c')))
    expect(await volatile.insert(guard('a')), 'a replay is told as one').to.equal(false)
    await volatile.remove('DeviceCode', 'a')
    await full(volatile.insert(guard('c')))
    await volatile.put(place.artifact('b'))
    place.time += 60
    await volatile.insert(guard('c'))
    await volatile.put(place.artifact('c'))
    await full(volatile.put(place.artifact('d')))
    expect(await volatile.insert(guard('d'))).to.equal(true)
    await full(volatile.insert(guard('e')))
  })

  it('counts what lay there before guards were counted apart', async () => {
    const { database } = place.parts(volatileMigrations.slice(0, 4))
    database.exec('update bounds set at_most = 10')
    for (const model of ['DeviceCode', 'Interaction', 'ReplayDetection'])
      database
        .prepare('insert into artifacts (model, id, payload, expires_at) values (?, ?, ?, ?)')
        .run(model, 'before', 'p', place.time + 60)
    const { volatile } = place.volatile({ maxArtifacts: 3, maxReplays: 2 })
    await volatile.put(place.artifact('a'))
    expect((await refusalOf(volatile.put(place.artifact('b')))).code).to.equal('store_full')
    await volatile.insert(place.artifact('a', { model: 'ReplayDetection' }))
    expect((await refusalOf(volatile.insert(place.artifact('b', { model: 'ReplayDetection' })))).code).to.equal('store_full')
  })

  it('refuses a new counter, and goes on counting the others', async () => {
    const { counters } = place.volatile({ maxCounters: 1 })
    await counters.hit('a', 60)
    expect((await refusalOf(counters.hit('b', 60))).code).to.equal('store_full')
    expect((await counters.hit('a', 60)).count).to.equal(2)
  })
})
