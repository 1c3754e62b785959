import { expect } from 'chai'
import type { Account, AccountStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function accountFacts(world: World): void {
  let store: AccountStore
  beforeEach(() => {
    store = world.handles[0]!.accounts
  })

  const made = (name: string, change: Partial<Account> = {}): Account => ({
    id: `id-${name}`,
    email: `${name}@Example.com`,
    emailKey: `${name}@example.com`,
    name,
    passwordHash: 'hash',
    roles: ['admin', 'Ünïcode "role"'],
    claims: { nickname: 'Ünïcode', address: { country: 'GB' } },
    demo: false,
    createdAt: world.time,
    ...change,
  })

  it('finds by id and by e-mail key what was added, to the letter', async () => {
    for (const account of [made('ada'), made('bob', { demo: true, roles: [], disabledAt: world.time })]) {
      expect(await store.add(account)).to.equal(true)
      expect(await store.find(account.id)).to.deep.equal(account)
      expect(await store.findByEmailKey(account.emailKey)).to.deep.equal(account)
    }
    expect(await store.find('nobody')).to.equal(undefined)
    expect(await store.findByEmailKey('nobody@example.com')).to.equal(undefined)
  })

  it('gives an address to exactly one of a hundred', async () => {
    const answers = await world.race(100, ({ accounts }, i) => accounts.add(made('ada', { id: `id-${i}` })))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect((await store.findByEmailKey('ada@example.com'))?.id).to.equal(`id-${answers.indexOf(true)}`)
  })

  it('changes what is named, and nothing else', async () => {
    await store.add(made('ada'))
    expect(await store.change('id-ada', { name: 'Countess', roles: [] })).to.equal(true)
    expect(await store.change('id-ada', { passwordHash: 'other', claims: {} })).to.equal(true)
    expect(await store.find('id-ada')).to.deep.equal(
      made('ada', { name: 'Countess', roles: [], passwordHash: 'other', claims: {} }),
    )
  })

  it('disables, and enables by an explicit undefined alone', async () => {
    await store.add(made('ada'))
    await store.change('id-ada', { disabledAt: world.time })
    await store.change('id-ada', { name: 'ada' })
    expect((await store.find('id-ada'))?.disabledAt).to.equal(world.time)
    await store.change('id-ada', { disabledAt: undefined })
    expect(await store.find('id-ada')).to.deep.equal(made('ada'))
  })

  it('says when there is nothing to change', async () => {
    await store.add(made('ada'))
    expect(await store.change('nobody', { name: 'x' })).to.equal(false)
    expect(await store.change('nobody', {})).to.equal(false)
    expect(await store.change('id-ada', {})).to.equal(true)
  })

  it('knows whether one is the demo’s', async () => {
    await store.add(made('ada'))
    expect(await store.hasDemo()).to.equal(false)
    await store.add(made('bob', { demo: true }))
    expect(await store.hasDemo()).to.equal(true)
  })

  it('lists by e-mail, page by page', async () => {
    for (const name of ['cyd', 'ada', 'eve', 'bob', 'dan']) await store.add(made(name))
    const first = await store.list(2)
    const second = await store.list(2, first.at(-1)!.emailKey)
    const third = await store.list(2, second.at(-1)!.emailKey)
    expect([first, second, third].map((page) => page.map(({ name }) => name))).to.deep.equal([
      ['ada', 'bob'],
      ['cyd', 'dan'],
      ['eve'],
    ])
    expect(await store.list(2, 'eve@example.com')).to.deep.equal([])
  })
}
