import { expect } from 'chai'
import type { VaultStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function vaultFacts(world: World): void {
  let store: VaultStore
  beforeEach(() => {
    store = world.handles[0]!.vault
  })

  it('finds what was added, for everybody, and nothing else', async () => {
    expect(await store.add({ name: 'kept/a', sealed: 'Ünïcode.%_' })).to.equal(true)
    for (const { vault } of world.handles) {
      expect(await vault.find('kept/a')).to.equal('Ünïcode.%_')
      for (const name of ['kept/A', 'kept/', 'kept/a ', '']) expect(await vault.find(name), name).to.equal(undefined)
    }
  })
  it('gives a name to exactly one of a hundred, and leaves its value', async () => {
    const answers = await world.race(100, ({ vault }, i) => vault.add({ name: 'a', sealed: `${i}` }))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await store.find('a')).to.equal(`${answers.indexOf(true)}`)
  })
  it('replaces what is still as it was read, for one of a hundred, and nothing else', async () => {
    await store.add({ name: 'a', sealed: 'read' })
    const answers = await world.race(100, ({ vault }, i) => vault.replace({ name: 'a', sealed: `${i}` }, 'read'))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await store.find('a')).to.equal(`${answers.indexOf(true)}`)
    expect(await store.replace({ name: 'b', sealed: 'new' }, 'read')).to.equal(false)
    expect(await store.find('b')).to.equal(undefined)
  })
  it('lists by name those that begin so, to the letter', async () => {
    for (const name of ['key%/b', 'keys/b', 'keys/a', 'Keys/a', 'key', 'keysa']) await store.add({ name, sealed: name })
    const names = async (prefix: string) => (await store.list(prefix)).map(({ name }) => name)
    expect(await names('keys/')).to.deep.equal(['keys/a', 'keys/b'])
    expect(await names('key%')).to.deep.equal(['key%/b'])
    expect(await names('')).to.have.length(6)
    expect(await store.list('keys/a')).to.deep.equal([{ name: 'keys/a', sealed: 'keys/a' }])
  })
  it('removes once, and the name can be given again', async () => {
    await store.add({ name: 'a', sealed: 'x' })
    expect(await store.remove('a')).to.equal(true)
    expect(await store.remove('a')).to.equal(false)
    expect(await store.add({ name: 'a', sealed: 'y' })).to.equal(true)
  })
}
