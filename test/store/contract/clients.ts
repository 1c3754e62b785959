import { expect } from 'chai'
import type { ClientRow, ClientStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function clientFacts(world: World): void {
  let store: ClientStore
  beforeEach(() => {
    store = world.handles[0]!.clients
  })

  const made = (id: string, change: Partial<ClientRow> = {}): ClientRow => ({
    id,
    registration: '{"client_name":"Ünïcode"}',
    demo: false,
    createdAt: world.time,
    ...change,
  })

  it('finds what was added, to the letter', async () => {
    for (const client of [made('a'), made('b', { demo: true })]) {
      expect(await store.add(client)).to.equal(true)
      expect(await store.find(client.id)).to.deep.equal(client)
    }
    expect(await store.find('c')).to.equal(undefined)
  })

  it('gives an id to exactly one of a hundred', async () => {
    const answers = await world.race(100, ({ clients }, i) => clients.add(made('a', { registration: `${i}` })))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect((await store.find('a'))?.registration).to.equal(`${answers.indexOf(true)}`)
  })

  it('puts anew and in place', async () => {
    await store.put(made('a'))
    const next = made('a', { registration: '{}', demo: true, createdAt: world.time + 1 })
    await store.put(next)
    expect(await store.find('a')).to.deep.equal(next)
  })

  it('replaces what is still as it was read, for one of a hundred, and nothing else', async () => {
    await store.add(made('a', { registration: 'read' }))
    const answers = await world.race(100, ({ clients }, i) => clients.replace(made('a', { registration: `${i}` }), 'read'))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect((await store.find('a'))?.registration).to.equal(`${answers.indexOf(true)}`)
    expect(await store.replace(made('b', { registration: 'new' }), 'read')).to.equal(false)
    expect(await store.find('b')).to.equal(undefined)
  })

  it('removes once', async () => {
    await store.add(made('a'))
    expect(await store.remove('a')).to.equal(true)
    expect(await store.remove('a')).to.equal(false)
    expect(await store.find('a')).to.equal(undefined)
  })

  it('knows whether one is the demo’s', async () => {
    await store.add(made('a'))
    expect(await store.hasDemo()).to.equal(false)
    await store.add(made('b', { demo: true }))
    expect(await store.hasDemo()).to.equal(true)
  })

  it('lists by id, page by page', async () => {
    for (const id of ['c', 'a', 'b']) await store.add(made(id))
    expect((await store.list(2)).map(({ id }) => id)).to.deep.equal(['a', 'b'])
    expect((await store.list(2, 'b')).map(({ id }) => id)).to.deep.equal(['c'])
  })
}
