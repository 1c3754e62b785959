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
    credentialsVersion: 7,
    ...change,
  })

  it('finds by id and by e-mail key what was added, to the letter', async () => {
    for (const account of [
      made('ada'),
      made('bob', { demo: true, roles: [], disabledAt: world.time, emailVerifiedAt: world.time }),
    ]) {
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
    expect(await store.change('id-ada', { credentialsVersion: 8, claims: {} })).to.equal(true)
    expect(await store.find('id-ada')).to.deep.equal(
      made('ada', { name: 'Countess', roles: [], credentialsVersion: 8, claims: {} }),
    )
  })

  it('changes credentials of the expected version, and whatever else is named', async () => {
    await store.add(made('ada'))
    const emailChanges = [{ version: 2 ** 48, at: world.time }]
    const change = {
      passwordHash: 'other',
      email: 'A@b.example',
      emailKey: 'a@b.example',
      emailVerifiedAt: world.time,
      emailChanges,
    }
    expect(await store.changeIf('id-ada', 7, { ...change, credentialsVersion: 2 ** 48, accessEndedAt: world.time })).to.equal(
      true,
    )
    const changed = made('ada', { ...change, credentialsVersion: 2 ** 48, accessEndedAt: world.time })
    expect(await store.find('id-ada')).to.deep.equal(changed)
    expect(await store.findByEmailKey('ada@example.com')).to.equal(undefined)
    expect(
      await store.changeIf('id-ada', 2 ** 48, { emailVerifiedAt: undefined, emailChanges: [], credentialsVersion: 2 ** 48 }),
    ).to.equal(true)
    const { emailVerifiedAt: _, emailChanges: __, ...unconfirmed } = changed
    expect(await store.find('id-ada')).to.deep.equal(unconfirmed)
  })

  it('refuses every other version, and whoever is not there, and leaves all as it is', async () => {
    await store.add(made('ada'))
    await store.add(made('bob'))
    for (const expected of [0, 6, 8, -7, 2 ** 48])
      expect(await store.changeIf('id-ada', expected, { passwordHash: 'other', credentialsVersion: 8 })).to.equal(false)
    expect(await store.changeIf('nobody', 7, { credentialsVersion: 8 })).to.equal(false)
    expect((await store.list(10)).map((account) => account.passwordHash)).to.deep.equal(['hash', 'hash'])
    expect(await store.changeIf('id-ada', 7, { passwordHash: 'other', credentialsVersion: 8 })).to.equal(true)
    expect(await store.find('id-bob')).to.deep.equal(made('bob'))
  })

  it('gives no account the address of another, and its own again', async () => {
    await store.add(made('ada'))
    await store.add(made('bob'))
    const taken = { email: 'BOB@example.com', emailKey: 'bob@example.com', credentialsVersion: 8 }
    expect(await store.changeIf('id-ada', 7, taken)).to.equal(false)
    expect(await store.find('id-ada')).to.deep.equal(made('ada'))
    expect(await store.changeIf('id-ada', 7, { ...taken, email: 'ADA@example.com', emailKey: 'ada@example.com' })).to.equal(true)
  })

  it('lets exactly one of a hundred change credentials', async () => {
    await store.add(made('ada'))
    const answers = await world.race(100, ({ accounts }, i) =>
      accounts.changeIf('id-ada', 7, { passwordHash: `hash ${i}`, credentialsVersion: 100 + i }),
    )
    expect(answers.filter(Boolean)).to.have.length(1)
    const won = answers.indexOf(true)
    expect(await store.find('id-ada')).to.include({ passwordHash: `hash ${won}`, credentialsVersion: 100 + won })
  })

  it('the control: reading first lets more than one of a hundred change them', async () => {
    await store.add(made('ada'))
    const answers = await world.race(100, async ({ accounts }, i) => {
      if ((await accounts.find('id-ada'))?.credentialsVersion !== 7) return false
      return accounts.change('id-ada', { credentialsVersion: 100 + i })
    })
    expect(answers.filter(Boolean)).to.have.length.greaterThan(1)
  })

  it('gives an address to exactly one of a hundred who change theirs to it', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `p${i}`)
    await Promise.all(names.map((name) => store.add(made(name))))
    const answers = await world.race(100, ({ accounts }, i) =>
      accounts.changeIf(`id-p${i}`, 7, { email: 'new@example.com', emailKey: 'new@example.com', credentialsVersion: 8 }),
    )
    expect(answers.filter(Boolean)).to.have.length(1)
    expect((await store.findByEmailKey('new@example.com'))?.id).to.equal(`id-p${answers.indexOf(true)}`)
  })

  it('replaces the hash that was read, once, and nothing else', async () => {
    await store.add(made('ada'))
    expect(await store.replaceHash('id-ada', 'another', 'next')).to.equal(false)
    expect(await store.replaceHash('nobody', 'hash', 'next')).to.equal(false)
    expect(await store.find('id-ada')).to.deep.equal(made('ada'))
    const answers = await world.race(100, ({ accounts }, i) => accounts.replaceHash('id-ada', 'hash', `next ${i}`))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await store.find('id-ada')).to.deep.equal(made('ada', { passwordHash: `next ${answers.indexOf(true)}` }))
  })

  it('notes sign-ins, and one that expects versions only after none that came before', async () => {
    await store.add(made('ada'))
    await store.add(made('bob'))
    const first = { signInVersion: undefined, credentialsVersion: 7 }
    const refused = [
      { ...first, credentialsVersion: 8 },
      { ...first, signInVersion: 5 },
    ]
    for (const expected of refused) expect(await store.noteSignIn('id-ada', 11, expected)).to.equal(false)
    expect(await store.noteSignIn('nobody', 11)).to.equal(false)
    expect(await store.find('id-ada')).to.deep.equal(made('ada'))
    expect(await store.noteSignIn('id-ada', 11, first)).to.equal(true)
    expect(await store.noteSignIn('id-ada', 12, first)).to.equal(false)
    expect(await store.noteSignIn('id-ada', 12, { ...first, signInVersion: 11 })).to.equal(true)
    expect(await store.noteSignIn('id-ada', 13)).to.equal(true)
    expect(await store.find('id-ada')).to.deep.equal(made('ada', { signInVersion: 13 }))
    expect(await store.find('id-bob')).to.deep.equal(made('bob'))
  })

  it('lets exactly one of a hundred sign in after the same sign-in', async () => {
    await store.add(made('ada', { signInVersion: 3 }))
    const expected = { signInVersion: 3, credentialsVersion: 7 }
    const answers = await world.race(100, ({ accounts }, i) => accounts.noteSignIn('id-ada', 100 + i, expected))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await store.find('id-ada')).to.include({ signInVersion: 100 + answers.indexOf(true) })
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

  const tombstone = (...digests: string[]) => ({ digests, removedAt: world.time, expiresAt: world.time + 60 })

  it('removes one for good, once of a hundred, and no other', async () => {
    await store.add(made('ada'))
    await store.add(made('bob'))
    const answers = await world.race(100, ({ accounts }) => accounts.remove('id-ada', tombstone('d')))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await store.find('id-ada')).to.equal(undefined)
    expect(await store.find('id-bob')).to.deep.equal(made('bob'))
    expect(await store.remove('id-bob', tombstone()), 'without what keeps it away').to.equal(true)
  })

  it('adds what was asked for after a removal, and not what was asked for before', async () => {
    await store.add(made('ada'))
    expect(await store.remove('id-ada', tombstone('d1', 'd2'))).to.equal(true)
    const asked = (at: number, ...digests: string[]) => store.addAsked(made('ada', { id: `id-${at}` }), { at, digests })
    for (const digests of [['d1'], ['d2'], ['x', 'd2', 'd1']])
      for (const at of [world.time - 1, world.time]) expect(await asked(at, ...digests), `${digests} ${at}`).to.equal(false)
    const removed = (at: number, ...digests: string[]) => store.wasRemoved({ at, digests })
    expect([
      await removed(world.time, 'x', 'd2'),
      await removed(world.time + 1, 'd2'),
      await removed(world.time, 'x'),
    ]).to.deep.equal([true, false, false])
    expect(await asked(world.time + 1, 'd1', 'd2')).to.equal(true)
    expect(await store.find(`id-${world.time + 1}`)).to.deep.equal(made('ada', { id: `id-${world.time + 1}` }))
  })

  it('sets no tombstone where there is nobody to remove', async () => {
    expect(await store.remove('id-ada', tombstone('d'))).to.equal(false)
    expect(await store.addAsked(made('ada'), { at: world.time, digests: ['d'] })).to.equal(true)
  })

  it('counts a removal from the last one on, and forgets it when its time is over', async () => {
    for (const at of [0, 20]) {
      await store.add(made('ada'))
      await store.remove('id-ada', { digests: ['d'], removedAt: world.time + at, expiresAt: world.time + at + 60 })
    }
    const asked = () => store.addAsked(made('ada'), { at: world.time + 10, digests: ['d'] })
    expect(await asked()).to.equal(false)
    const asOf = world.time
    world.time = asOf + 81
    expect(await store.addAsked(made('ada'), { at: asOf + 10, digests: ['d'] })).to.equal(true)
  })

  it('adds once what is used a hundred times, by its address and by its id', async () => {
    const asked = { at: world.time, digests: ['d'] }
    const same = await world.race(100, ({ accounts }) => accounts.addAsked(made('ada'), asked))
    expect(same.filter(Boolean)).to.have.length(1)
    expect(await store.addAsked(made('ada', { id: 'another' }), asked), 'the address').to.equal(false)
    expect(await store.addAsked(made('bob', { id: 'id-ada' }), asked), 'the id').to.equal(false)
    expect(await store.find('id-ada')).to.deep.equal(made('ada'))
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
