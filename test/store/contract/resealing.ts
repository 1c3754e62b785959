import { expect } from 'chai'
import type { Artifact, ArtifactStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function resealingFacts(world: World): void {
  let store: ArtifactStore
  beforeEach(() => {
    store = world.handles[0]!.artifacts
  })
  const made = (id: string, change: Partial<Artifact> = {}): Artifact => ({
    model: 'RefreshToken',
    id,
    payload: 'read',
    expiresAt: world.time + 60,
    ...change,
  })
  async function all(size: number): Promise<Artifact[]> {
    const found = new Map<string, Artifact>()
    for await (const page of store.pages(size))
      for (const artifact of page) found.set(`${artifact.model} ${artifact.id}`, artifact)
    return [...found.values()].toSorted((a, b) => (a.model + a.id < b.model + b.id ? -1 : 1))
  }

  it('shows every living artifact, of every model, to the letter, whatever the size of a page', async () => {
    const models = ['AuthorizationCode', 'Grant', 'RefreshToken']
    const living = models.flatMap((model) => Array.from({ length: 7 }, (_, i) => made(`${i}`, { model, grant: 'g', version: i })))
    await Promise.all(living.map((one) => store.put(one)))
    await store.put(made('expired', { expiresAt: world.time + 1 }))
    world.time += 1
    const expected = living.map(({ version, ...one }) => (version ? { ...one, version } : one))
    for (const size of [1, 2, 7, 100]) expect(await all(size)).to.deep.equal(expected)
  })
  it('shows nothing of an empty store', async () => expect(await all(10)).to.deep.equal([]))
  it('shows those that are there throughout, while others come and go', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.put(made(`${i}`, { version: 1 }))))
    const seen = new Set<string>()
    let turn = 0
    for await (const page of store.pages(5)) {
      for (const { id } of page) seen.add(id)
      await store.put(made(`new ${turn++}`))
      await store.remove('RefreshToken', `new ${turn - 2}`)
    }
    expect([...seen]).to.include.members(Array.from({ length: 50 }, (_, i) => `${i}`))
  })
  it('gives another payload and changes nothing else, whatever was used or found by', async () => {
    const before = made('a', { uid: 'u', grant: 'g', account: 'p', version: 3 })
    await store.put(before)
    await store.consume('RefreshToken', 'a')
    expect(await store.reseal(before, 'next')).to.equal(true)
    const expected = { ...before, payload: 'next', consumedAt: world.time }
    expect(await store.find('RefreshToken', 'a')).to.deep.equal(expected)
    expect(await store.findByUid('RefreshToken', 'u')).to.deep.equal(expected)
    expect(await store.replace({ ...before, payload: 'later', version: 4 }, 3), 'the version is as it was').to.equal(true)
    expect(await store.removeBound({ grant: 'g' })).to.equal(1)
  })
  it('leaves alone what is not as it was read, has expired or is gone', async () => {
    await store.put(made('a', { payload: 'changed' }))
    expect(await store.reseal(made('a'), 'next')).to.equal(false)
    expect((await store.find('RefreshToken', 'a'))?.payload).to.equal('changed')
    expect(await store.reseal(made('none'), 'next')).to.equal(false)
    expect(await store.find('RefreshToken', 'none')).to.equal(undefined)
    await store.put(made('b'))
    world.time += 60
    expect(await store.reseal(made('b'), 'next')).to.equal(false)
    expect(await store.find('RefreshToken', 'b')).to.equal(undefined)
  })
  it('loses no change that is made at the same moment', async () => {
    await store.put(made('a'))
    const [changes, reseals] = await Promise.all([
      world.race(50, ({ artifacts }, i) => artifacts.replace(made('a', { payload: `change ${i}`, version: 1 }), 0)),
      world.race(50, ({ artifacts }, i) => artifacts.reseal(made('a'), `reseal ${i}`)),
    ])
    expect(changes.filter(Boolean)).to.have.length(1)
    expect(reseals.filter(Boolean).length).to.be.at.most(1)
    expect((await store.find('RefreshToken', 'a'))?.payload).to.equal(`change ${changes.indexOf(true)}`)
  })
}
