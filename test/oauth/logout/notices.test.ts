/** The queue of notices by itself: its bounds, and how it ends. The whole way to a client is in `test/flows/logout.test.ts`. */
import { expect } from 'chai'
import type { Fields } from '../../../src/base/log.ts'
import { createNotices, type NoticeParts } from '../../../src/oauth/logout/notices.ts'
import type { Outcome } from '../../../src/outgoing/debts.ts'
import { openDurable } from '../../../src/store/sqlite.ts'
import type { Notice, NoticeStore } from '../../../src/store/store.ts'

describe('notices of a logout', () => {
  const now = () => 1_700_000_000
  let durable: ReturnType<typeof openDurable>
  let store: NoticeStore
  let logged: [string, Fields | undefined][]
  let pauses: Parameters<NoticeParts['later']>[]
  let attempts: { notice: Notice; end(outcome?: Outcome): void }[]

  beforeEach(() => {
    durable = openDurable({ file: ':memory:', now })
    store = durable.notices
    logged = []
    pauses = []
    attempts = []
  })
  afterEach(() => durable.close())

  const create = (parts: Partial<NoticeParts> = {}) => {
    const hear = (event: string, fields?: Fields) => void logged.push([event, fields])
    return createNotices({
      store,
      deliver: (notice) =>
        new Promise((resolve) => attempts.push({ notice, end: (outcome = { is: 'delivered' }) => resolve(outcome) })),
      later: (...pause) => void pauses.push(pause),
      now,
      log: { info: hear, error: hear },
      ...parts,
    })
  }
  const owed = (client: string, session = 's') => ({ client, account: 'ada', session })
  const turn = () => new Promise(setImmediate)
  /** What was delivered is forgotten by the store's next commit. */
  const settled = async () => {
    for (let n = 0; n < 3; n++) await turn()
  }
  const underWay = () => attempts.map(({ notice }) => notice.client)

  it('are kept before whoever owes them goes on', async () => {
    await create().owe(owed('web'))
    const rows = await store.list(10)
    expect(rows).to.have.length(1)
    expect(rows[0]).to.include({ client: 'web', account: 'ada', session: 's', expiresAt: now() + 86_400 })
  })

  it('that cannot be kept are not promised', async () => {
    const add = () => Promise.reject(new Error('disk full'))
    const error = await create({ store: { ...store, add } })
      .owe(owed('web'))
      .catch((cause) => cause)
    expect(error.message).to.equal('disk full')
    expect(attempts).to.have.length(0)
  })

  describe('take turns', () => {
    const limits = { atOnce: 3, atOncePerCreditor: 2, atOnceInDoubt: 2 }
    it('by client, so that one is told before all that was owed to others', async () => {
      const notices = create({ limits: { ...limits, atOnce: 1 } })
      for (const client of ['a', 'a', 'a', 'b', 'b', 'c']) await notices.owe(owed(client))
      for (let n = 0; n < 5; n++) {
        attempts[n]?.end()
        await settled()
      }
      expect(underWay()).to.deep.equal(['a', 'a', 'b', 'c', 'a', 'b'])
    })

    it('within so many at once, and so many of one client that takes them', async () => {
      const notices = create({ limits })
      for (let n = 0; n < 4; n++) await notices.owe(owed('alive', `${n}`))
      expect(underWay(), 'not known yet').to.deep.equal(['alive'])
      attempts[0]?.end()
      await settled()
      expect(underWay()).to.deep.equal(['alive', 'alive', 'alive'])
      await notices.owe(owed('b'))
      await notices.owe(owed('c'))
      expect(underWay().slice(3)).to.deep.equal(['b'])
    })

    it('that four dead clients, with as much as they like owed to them, do not hold up', async () => {
      const notices = create()
      await notices.owe(owed('alive'))
      attempts[0]?.end()
      await settled()
      const dead = ['dead-1', 'dead-2', 'dead-3', 'dead-4']
      for (let n = 0; n < 12; n++) for (const client of dead) await notices.owe(owed(client, `${n}`))
      expect(underWay().slice(1)).to.deep.equal(dead)
      for (const client of ['alive', 'new']) await notices.owe(owed(client))
      expect(underWay().slice(5)).to.deep.equal(['alive', 'new'])
      for (const { end } of attempts.slice(1, 5)) end({ is: 'failed', reason: 'timeout' })
      await settled()
      expect(underWay().slice(7), 'one place each, as before').to.deep.equal(dead)
    })

    it('that any number of dead clients leaves places free in', async () => {
      const notices = create({ limits })
      await notices.owe(owed('alive'))
      attempts[0]?.end()
      await settled()
      for (let n = 0; n < 9; n++) await notices.owe(owed(`dead-${n}`))
      expect(underWay().slice(1)).to.deep.equal(['dead-0', 'dead-1'])
      await notices.owe(owed('alive'))
      expect(underWay().slice(3)).to.deep.equal(['alive'])
    })

    it('with one place again after one was not taken', async () => {
      const notices = create({ limits })
      for (let n = 0; n < 5; n++) await notices.owe(owed('web', `${n}`))
      attempts[0]?.end()
      await settled()
      expect(underWay()).to.have.length(3)
      attempts[1]?.end({ is: 'failed', reason: 'timeout' })
      await settled()
      expect(underWay(), 'the other is still under way').to.have.length(3)
      attempts[2]?.end({ is: 'failed', reason: 'timeout' })
      await settled()
      expect(underWay()).to.have.length(4)
    })
  })

  it('that we are too busy for are put off for a second, which is no attempt', async () => {
    await create().owe(owed('web'))
    for (let n = 0; n < 3; n++) {
      attempts[n]?.end({ is: 'postponed', reason: 'busy' })
      await turn()
      expect(pauses[n]?.[0]).to.equal(1_000)
      pauses[n]?.[1]()
    }
    attempts[3]?.end({ is: 'failed', reason: 'timeout' })
    await turn()
    expect(logged.map(([event, fields]) => [event, fields?.attempt])).to.deep.equal([
      ['backchannel_logout.postponed', undefined],
      ['backchannel_logout.failed', 1],
    ])
  })

  it('that we are too busy for again and again are given up within minutes all the same', async () => {
    await create({ deliver: async () => ({ is: 'postponed', reason: 'busy' }) }).owe(owed('web'))
    let waited = 0
    for (let n = 0; n < pauses.length + 1; n++) {
      await turn()
      if (!pauses[n]) break
      waited += pauses[n]![0]
      pauses[n]?.[1]()
    }
    expect(logged.at(-1)).to.deep.equal([
      'backchannel_logout.given_up',
      { client: 'web', subject: 'ada', attempt: 5, reason: 'busy' },
    ])
    expect(waited).to.equal((150 + 5 * 60) * 1_000)
  })

  it('are bounded, in all and for each client; what is too much is said loudly, and the sign-out goes on', async () => {
    const notices = create({ limits: { debts: 3, debtsPerCreditor: 2 } })
    for (const client of ['dead', 'dead', 'dead', 'web', 'spa']) await notices.owe(owed(client))
    expect((await store.list(10)).map(({ client }) => client)).to.have.members(['dead', 'dead', 'web'])
    expect(logged).to.deep.equal(
      ['dead', 'spa'].map((client) => [
        'backchannel_logout.dropped',
        { client, subject: 'ada', reason: 'too many notices are waiting' },
      ]),
    )
    attempts[0]?.end()
    await turn()
    await turn()
    await notices.owe(owed('spa'))
    expect(
      (await store.list(10)).map(({ client }) => client),
      'there is room again',
    ).to.include('spa')
  })

  it('whose attempt breaks are tried again', async () => {
    const notices = create({ deliver: () => Promise.reject(new Error('broken')) })
    await notices.owe(owed('web'))
    await turn()
    expect(pauses).to.have.length(1)
    expect(logged[0]).to.deep.equal([
      'backchannel_logout.failed',
      { client: 'web', subject: 'ada', attempt: 1, reason: 'broken', againInMilliseconds: 5_000 },
    ])
  })

  it('are waited for at the end when they are under way; the others stay in the store, and are named', async () => {
    const notices = create({ limits: { atOncePerCreditor: 1 } })
    await notices.owe(owed('web', 'first'))
    await notices.owe(owed('web', 'second'))
    let closed = false
    const closing = notices.close().then(() => {
      closed = true
    })
    await turn()
    expect(closed).to.equal(false)
    attempts[0]?.end()
    await closing
    expect(attempts, 'no new attempt').to.have.length(1)
    expect((await store.list(10)).map(({ session }) => session)).to.deep.equal(['second'])
    expect(logged.at(-1)).to.deep.equal(['backchannel_logout.left', { client: 'web', subject: 'ada', attempts: 0 }])
  })

  it('that were put off are not tried after the end', async () => {
    const notices = create()
    await notices.owe(owed('web'))
    attempts[0]?.end({ is: 'failed', reason: 'status 500' })
    await turn()
    await notices.close()
    pauses[0]?.[1]()
    expect(attempts).to.have.length(1)
    expect(await store.list(10)).to.have.length(1)
  })

  it('that an earlier process left are taken up, once', async () => {
    await create({ deliver: () => new Promise(() => {}) }).owe(owed('web'))
    const next = create()
    await next.resume()
    await next.resume()
    expect(underWay()).to.deep.equal(['web'])
    attempts[0]?.end()
    await turn()
    await turn()
    expect(await store.list(10)).to.deep.equal([])
  })

  it('that a process owed which died are taken up by another, and what the living owe is left to them', async () => {
    const silent = { deliver: () => new Promise<never>(() => {}) }
    await create({ ...silent, owner: 'dead' }).owe(owed('a'))
    await create({ ...silent, owner: 'dead-too' }).owe(owed('b'))
    await create({ ...silent, owner: 'living' }).owe(owed('c'))
    const heir = create()
    await heir.resume(['dead'])
    await settled()
    expect(underWay()).to.deep.equal(['a'])
    await heir.resume(['dead', 'dead-too'])
    await settled()
    expect(underWay()).to.deep.equal(['a', 'b'])
  })

  it('that cannot be forgotten are told of, and told once more by the next process', async () => {
    const remove = () => Promise.reject(new Error('disk full'))
    await create({ store: { ...store, remove } }).owe(owed('web'))
    attempts[0]?.end()
    await turn()
    expect(logged.map(([event]) => event)).to.deep.equal(['backchannel_logout.delivered', 'backchannel_logout.not_forgotten'])
    await create().resume()
    expect(underWay()).to.deep.equal(['web', 'web'])
  })
})
