import { expect } from 'chai'
import type { Account, LetterRow, LetterStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function letterFacts(world: World): void {
  let store: LetterStore
  beforeEach(() => {
    store = world.handles[0]!.letters
  })

  const made = (id: string, change: Partial<LetterRow> = {}): LetterRow => ({
    id,
    sealed: 'sealed',
    expiresAt: world.time + 60,
    ...change,
  })
  const account = (id: string): Account => ({
    id,
    email: `${id}@example.com`,
    emailKey: `${id}@example.com`,
    name: id,
    passwordHash: '',
    roles: [],
    claims: {},
    demo: false,
    createdAt: world.time,
    credentialsVersion: 1,
  })
  const ids = async () => (await store.list(10)).map(({ id }) => id)

  it('lists what was added, to the letter, what ends first before the rest', async () => {
    const [first, second] = [made('b'), made('a', { expiresAt: world.time + 61 })]
    expect(await store.add(second)).to.equal(true)
    expect(await store.add(first)).to.equal(true)
    for (const { letters } of world.handles) expect(await letters.list(10)).to.deep.equal([first, second])
    expect(await store.list(1)).to.deep.equal([first])
  })
  it('lists those of one owner', async () => {
    for (const id of ['one.1', 'One.2', 'one_.3', 'on.4']) await store.add(made(id))
    expect((await store.list(10, 'one.')).map(({ id }) => id)).to.deep.equal(['one.1'])
  })
  it('removes one, and does not mind when it is gone', async () => {
    await store.add(made('a'))
    await store.add(made('b'))
    expect(await store.remove('a')).to.equal(true)
    expect(await store.remove('a')).to.equal(false)
    expect(await ids()).to.deep.equal(['b'])
  })
  it('never lists what is past its end', async () => {
    await store.add(made('a'))
    world.time += 60
    expect(await ids()).to.deep.equal([])
    await store.add(made('a', { sealed: 'another' }))
    expect(
      (await store.list(10)).map(({ sealed }) => sealed),
      'and drops it with the next',
    ).to.deep.equal(['another'])
  })
  it('seals anew what is as it was read, and that alone', async () => {
    await store.add(made('a'))
    expect(await store.reseal(made('a', { sealed: 'other' }), 'next')).to.equal(false)
    expect(await store.reseal(made('a'), 'next')).to.equal(true)
    expect(await store.reseal(made('none'), 'next')).to.equal(false)
    expect(await store.list(10)).to.deep.equal([made('a', { sealed: 'next' })])
  })

  describe('are owed for a change that was made, and for no other:', () => {
    it('judged behind what was begun before in the same turn', async () => {
      const { accounts } = world.handles[0]!
      const all = await Promise.all([
        store.add(made('before'), { account: 'ada' }),
        accounts.add(account('ada')),
        store.add(made('behind'), { account: 'ada' }),
        store.add(made('other'), { account: 'bob' }),
      ])
      expect(all).to.deep.equal([false, true, true, false])
      expect(await ids()).to.deep.equal(['behind'])
    })
    it('of fifty that change credentials at once, one is told of', async () => {
      await world.handles[0]!.accounts.add(account('ada'))
      const outcomes = await world.race(50, async ({ accounts, letters }, i) => {
        const credentialsVersion = 100 + i
        const [changed, owed] = await Promise.all([
          accounts.changeIf('ada', 1, { credentialsVersion }),
          letters.add(made(`${i}`), { account: 'ada', credentialsVersion }),
        ])
        return `${changed} ${owed}`
      })
      expect(outcomes.filter((one) => one === 'true true')).to.have.length(1)
      expect(outcomes.filter((one) => one === 'false false')).to.have.length(49)
      expect(await ids()).to.have.length(1)
    })
  })
}
