import { expect } from 'chai'
import type { Account, ApiKeyRow, ClientRow, KeyStore, OwnerAsRead } from '../../../src/store/store.ts'
import type { Roles, World } from '../contract.ts'

export function keyFacts(world: World): void {
  let store: KeyStore
  let ada: Account
  const machine: ClientRow = { id: 'machine', registration: '{"id":"machine"}', demo: false, createdAt: 1 }
  const most = 50
  beforeEach(async () => {
    store = world.handles[0]!.keys
    ada = account('ada')
    const { accounts, clients } = world.handles[0]!
    await Promise.all([accounts.add(ada), accounts.add(account('bob')), clients.add(machine)])
  })

  const account = (id: string): Account => ({
    id,
    email: `${id}@example.com`,
    emailKey: `${id}@example.com`,
    name: id,
    passwordHash: '',
    roles: ['editor'],
    claims: {},
    demo: false,
    createdAt: world.time,
    credentialsVersion: 1,
    accessEndedAt: world.time - 100,
  })
  type Owned = { account: string } | { client: string }
  const keyOf = (
    jti: string,
    change: Partial<Omit<ApiKeyRow, 'account' | 'client'>> = {},
    owner: Owned = { account: 'ada' },
  ) => ({
    ...{
      jti,
      kid: 'k',
      ...owner,
      name: 'Ünïcode "key"',
      audience: 'https://api.example.com',
      scopes: ['notes:read', 'notes:write'],
    },
    ...{ createdAt: world.time, expiresAt: world.time + 60, ...change },
  })
  const add = (jti: string, change = {}, owner: OwnerAsRead = { account: ada }) => store.add(keyOf(jti, change), owner, most)
  const jtis = async () => (await store.list(1_000)).map(({ jti }) => jti)

  it('finds what was added, to the letter, on every handle', async () => {
    const machines = keyOf('b', {}, { client: 'machine' })
    expect(await add('a')).to.equal(true)
    expect(await store.add(machines, { client: machine }, most)).to.equal(true)
    expect(await store.add(keyOf('c', {}, { client: 'declared' }), 'declared', most)).to.equal(true)
    for (const { keys } of world.handles) {
      expect(await keys.find('a')).to.deep.equal(keyOf('a'))
      expect(await keys.find('b')).to.deep.equal(machines)
      expect(await keys.find('none')).to.equal(undefined)
    }
  })
  it('lists those of an owner, the newest first, and those of everybody in pages', async () => {
    await add('a')
    await add('c', { createdAt: world.time + 1 })
    await store.add(keyOf('b', {}, { account: 'bob' }), { account: account('bob') }, most)
    await store.add(keyOf('d', {}, { client: 'machine' }), { client: machine }, most)
    expect((await store.of({ account: 'ada' }, 10)).map(({ jti }) => jti)).to.deep.equal(['c', 'a'])
    expect((await store.of({ account: 'ada' }, 1)).map(({ jti }) => jti)).to.deep.equal(['c'])
    expect((await store.of({ client: 'machine' }, 10)).map(({ jti }) => jti)).to.deep.equal(['d'])
    expect(await store.of({ client: 'ada' }, 10)).to.deep.equal([])
    expect(await jtis()).to.deep.equal(['a', 'b', 'c', 'd'])
    expect((await store.list(2, 'a')).map(({ jti }) => jti)).to.deep.equal(['b', 'c'])
  })
  it('knows nothing of what is past its end, which leaves with the next and gives its place back', async () => {
    const one = async (jti: string) => store.add(keyOf(jti), { account: ada }, 1)
    expect([await one('a'), await one('b')]).to.deep.equal([true, false])
    world.time += 60
    expect(await store.find('a')).to.equal(undefined)
    expect(await store.of({ account: 'ada' }, 10)).to.deep.equal([])
    expect(await store.remove('a')).to.equal(false)
    expect(await one('a'), 'a row of that id is gone').to.equal(true)
  })
  it('removes one for exactly one of fifty', async () => {
    await add('a')
    await add('b')
    const answers = await world.race(50, ({ keys }) => keys.remove('a'))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await jtis()).to.deep.equal(['b'])
  })
  it('adds no more than an owner may have, of fifty at once', async () => {
    const answers = await world.race(50, ({ keys }, i) => keys.add(keyOf(`${i}`), { account: ada }, 7))
    expect(answers.filter(Boolean)).to.have.length(7)
    expect(await jtis()).to.have.length(7)
    expect(await store.add(keyOf('bobs', {}, { account: 'bob' }), { account: account('bob') }, 7), 'another’s').to.equal(true)
  })

  const ends: Record<string, (roles: Roles) => Promise<unknown>> = {
    'is disabled': ({ accounts }) => accounts.change('ada', { disabledAt: world.time }),
    'loses a role': ({ accounts }) => accounts.change('ada', { roles: [] }),
    'has another role': ({ accounts }) => accounts.change('ada', { roles: ['editor', 'admin'] }),
    'is signed out everywhere': ({ accounts }) => accounts.change('ada', { accessEndedAt: world.time }),
    'has other credentials': ({ accounts }) => accounts.changeIf('ada', 1, { credentialsVersion: 2 }),
    'is removed': ({ accounts }) => accounts.remove('ada', { digests: [], removedAt: world.time, expiresAt: world.time }),
  }
  for (const [what, end] of Object.entries(ends)) {
    it(`adds none for a person who ${what} meanwhile, and none that was begun behind it in the same turn`, async () => {
      expect(await add('before'), 'the control').to.equal(true)
      const [, behind] = await Promise.all([end(world.handles[0]!), add('behind')])
      expect([behind, await add('later')]).to.deep.equal([false, false])
      expect(await jtis()).to.deep.equal(['before'])
    })
  }
  it('adds none for a client that is registered otherwise, or removed', async () => {
    const machines = (jti: string) => store.add(keyOf(jti, {}, { client: 'machine' }), { client: machine }, most)
    const { clients } = world.handles[0]!
    expect(await machines('a'), 'the control').to.equal(true)
    await clients.replace({ ...machine, registration: '{}' }, machine.registration)
    expect(await machines('b')).to.equal(false)
    await clients.remove('machine')
    expect(await machines('c')).to.equal(false)
  })
  it('adds none about which it was said that it would be dead, also in the same turn', async () => {
    const { revocations } = world.handles[0]!
    const about = ['client', 'kid', 'subject'].map((kind) => ({ kind, value: 'v' }))
    const endsAt = world.time + 300
    const one = (jti: string) => store.add(keyOf(jti), { account: ada }, most, about)
    await revocations.add([
      { kind: 'client', value: 'v', before: world.time - 1, endsAt },
      { kind: 'kid', value: 'another', endsAt },
      { kind: 'another', value: 'v', endsAt },
    ])
    expect(await one('a'), 'the control: of before, and about others').to.equal(true)
    const [, behind] = await Promise.all([
      revocations.add([{ kind: 'client', value: 'v', before: world.time, endsAt }]),
      one('b'),
    ])
    expect(behind).to.equal(false)
    world.time += 1
    expect(await one('c'), 'of a second later').to.equal(true)
    await revocations.add([{ kind: 'kid', value: 'v', endsAt }])
    expect(await one('d')).to.equal(false)
    expect(await store.add(keyOf('e'), { account: ada }, most), 'the control: nobody asked').to.equal(true)
  })
  async function turns(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await new Promise(setImmediate)
  }
  /** What takes its time between looking and adding. */
  const signed = (jti: string) => turns(Number(jti) % 10)
  /** Fifty that are made at once while the owner is disabled, and what is there then is removed. @returns how many were made, and how many are left */
  async function raced(make: (roles: Roles, jti: string) => Promise<boolean>): Promise<[made: number, left: number]> {
    const made = await world.race(50, async (roles, i) => {
      if (i !== 25) return make(roles, `${i}`)
      await turns(3)
      await roles.accounts.change('ada', { disabledAt: world.time })
      for (const { jti } of await roles.keys.of({ account: 'ada' }, 100)) await roles.keys.remove(jti)
      return false
    })
    return [made.filter(Boolean).length, (await jtis()).length]
  }
  it('leaves none behind the owner’s end, of fifty that are made at that moment', async () => {
    const [made, left] = await raced(async ({ keys }, jti) => {
      await signed(jti)
      return keys.add(keyOf(jti), { account: ada }, 100)
    })
    expect(made, 'some were quicker').to.be.greaterThan(0)
    expect(left).to.equal(0)
  })
  it('the control: whoever looks first whether the owner may have one, and adds it then, leaves some', async () => {
    const [, left] = await raced(async ({ accounts, keys }, jti) => {
      const account = await accounts.find('ada')
      await signed(jti)
      return account?.disabledAt === undefined && keys.add(keyOf(jti), 'declared', 100)
    })
    expect(left).to.be.greaterThan(0)
  })
  it('has what is told of it written with it, and with its end', async () => {
    const { letters, audit } = world.handles[0]!
    const tell = async (of: string, ifThere: { keys: string[] }) => {
      const row = { at: world.time, expiresAt: world.time + 60, actor: 'operator:me', act: of, from: 'here', detail: {} }
      await Promise.all([letters.add({ id: of, sealed: '', expiresAt: world.time + 60 }, ifThere), audit.add(row, ifThere)])
    }
    await Promise.all([tell('before', { keys: ['a'] }), add('a'), tell('added', { keys: ['none', 'a'] })])
    await Promise.all([tell('ended', { keys: ['a'] }), store.remove('a'), tell('again', { keys: ['a'] })])
    expect((await letters.list(10)).map(({ id }) => id)).to.have.members(['added', 'ended'])
    expect((await audit.list({}, 10)).map(({ act }) => act)).to.have.members(['added', 'ended'])
  })
}
