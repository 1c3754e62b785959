import { expect } from 'chai'
import type { AuditStore, NewAuditRow } from '../../../src/store/audit.ts'
import type { World } from '../contract.ts'

export function auditFacts(world: World): void {
  let store: AuditStore
  beforeEach(() => {
    store = world.handles[0]!.audit
  })

  const made = (change: Partial<NewAuditRow> = {}): NewAuditRow => ({
    at: world.time,
    expiresAt: world.time + 60,
    actor: 'operator:root',
    act: 'account.added',
    from: 'command line',
    detail: {},
    ...change,
  })
  const all = (filter = {}) => store.list(filter, 1_000)

  it('lists what was added, to the letter, for everybody, the newest first', async () => {
    const first = made({ account: 'ada', client: 'web', request: 'r-1', detail: { roles: ['editor', 'ünï'], count: 2 } })
    await store.add(first)
    await store.add(made())
    for (const { audit } of world.handles) {
      const [newest, oldest, ...more] = await audit.list({}, 10)
      expect(more).to.deep.equal([])
      expect(oldest).to.deep.equal({ ...first, id: oldest?.id })
      expect(newest).to.deep.equal({ ...made(), id: newest?.id })
      expect(newest?.id).to.be.greaterThan(oldest?.id as number)
    }
    expect((await store.list({}, 1, 'oldest first'))[0]?.account).to.equal('ada')
  })

  it('finds by account, client, act and time, and what came after a row', async () => {
    await store.add(made({ account: 'ada' }))
    await store.add(made({ client: 'web', act: 'client.added' }))
    world.time += 5
    await store.add(made({ account: 'ada', client: 'web', act: 'consent.granted' }))
    const acts = async (filter: object) => (await store.list(filter, 10, 'oldest first')).map(({ act }) => act)
    expect(await acts({ account: 'ada' })).to.deep.equal(['account.added', 'consent.granted'])
    expect(await acts({ client: 'web' })).to.deep.equal(['client.added', 'consent.granted'])
    expect(await acts({ act: 'client.added' })).to.deep.equal(['client.added'])
    expect(await acts({ since: world.time })).to.deep.equal(['consent.granted'])
    expect(await acts({ since: world.time - 5, account: 'ada', client: 'web' })).to.deep.equal(['consent.granted'])
    const [{ id } = { id: 0 }] = await store.list({}, 1, 'oldest first')
    expect(await acts({ afterId: id })).to.deep.equal(['client.added', 'consent.granted'])
    expect(await acts({ account: 'nobody' })).to.deep.equal([])
  })

  it('keeps what depends on an account, or on its credentials, only where they are', async () => {
    const { accounts } = world.handles[0]!
    const person = { email: 'a@b.example', emailKey: 'a@b.example', name: 'Ada', passwordHash: 'hash', roles: [], claims: {} }
    await accounts.add({ ...person, id: 'ada', demo: false, createdAt: world.time, credentialsVersion: 7 })
    const conditions = [
      ...[{ account: 'ada' }, { account: 'ada', credentialsVersion: 7 }],
      ...[{ account: 'bob' }, { account: 'ada', credentialsVersion: 8 }, { account: 'bob', credentialsVersion: 7 }],
    ]
    for (const [index, condition] of conditions.entries()) await store.add(made({ act: `act ${index}` }), condition)
    expect((await all()).map(({ act }) => act)).to.deep.equal(['act 1', 'act 0'])
  })

  it('keeps one entry of a hundred who race for the same credentials', async () => {
    const { accounts } = world.handles[0]!
    const person = { email: 'a@b.example', emailKey: 'a@b.example', name: 'Ada', passwordHash: 'hash', roles: [], claims: {} }
    await accounts.add({ ...person, id: 'ada', demo: false, createdAt: world.time, credentialsVersion: 7 })
    const answers = await world.race(100, async ({ accounts, audit }, i) => {
      const credentialsVersion = 100 + i
      const [won] = await Promise.all([
        accounts.changeIf('ada', 7, { credentialsVersion }),
        audit.add(made({ act: `act ${i}` }), { account: 'ada', credentialsVersion }),
      ])
      return won
    })
    expect((await all()).map(({ act }) => act)).to.deep.equal([`act ${answers.indexOf(true)}`])
  })

  it('gives ids in the order of the commits, none twice, to all who write at once', async () => {
    await world.race(100, ({ audit }, index) => audit.add(made({ act: `act ${index}` })))
    const rows = await all()
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(100)
    expect(new Set(rows.map(({ act }) => act)).size).to.equal(100)
  })

  it('never lists what is past its end, and is rid of it by writing: a thousand leave while others come', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => store.add(made())))
    world.time += 60
    expect(await all()).to.deep.equal([])
    for (let n = 0; n < 100; n++) await store.add(made({ act: 'late', expiresAt: world.time + 60 }))
    world.time -= 60
    expect((await all()).filter(({ act }) => act !== 'late')).to.deep.equal([])
  })

  it('gives no id again, though every row before has left', async () => {
    await store.add(made())
    const [{ id } = { id: 0 }] = await all()
    world.time += 60
    await store.add(made())
    expect((await all())[0]?.id).to.be.greaterThan(id)
  })
}
