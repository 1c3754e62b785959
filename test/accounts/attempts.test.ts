import { expect } from 'chai'
import { type Attempt, type Attempts, createAttempts } from '../../src/accounts/attempts.ts'
import { Refusal } from '../../src/base/errors.ts'
import { slots } from '../../src/crypto/derive.ts'
import { openStore } from '../../src/store/open.ts'
import type { CounterStore, Store } from '../../src/store/store.ts'
import { refusalOf } from '../store/place.ts'

const home = '198.51.100.7'
const ada = 'ada@example.com'
const limits = { attemptsPerAccount: 5, attemptsPerNetwork: 20, attemptsOverall: 30, windowSeconds: 900 }

describe('guessing', () => {
  let time: number
  let store: Store
  let attempts: Attempts
  let judged: number
  const now = () => time
  const attemptsOver = (counters: CounterStore) => createAttempts({ counters, limits, key: Buffer.alloc(32, 1), now })

  beforeEach(async () => {
    time = 1_700_000_000
    judged = 0
    store = await openStore({ dataFolder: ':memory:', now })
    attempts = attemptsOver(store.counters)
  })
  afterEach(() => store.close())

  const guess = (email: string, address = home, more: Partial<Attempt> = {}) =>
    attempts.counted({ email, address, ...more }, async () => {
      judged++
      return undefined
    })
  const know = (email: string, address = home, more: Partial<Attempt> = {}) =>
    attempts.counted({ email, address, ...more }, async () => ({ email }))
  const expectLimited = async (guessing: Promise<unknown>) =>
    expect(await refusalOf(guessing)).to.include({ code: 'too_many_attempts', status: 429 })
  /** How many were judged; all others were refused for being too many. */
  async function judgedOf(calls: Promise<unknown>[]): Promise<number> {
    const before = judged
    for (const one of await Promise.allSettled(calls))
      if (one.status === 'rejected') expect(one.reason).to.have.property('code', 'too_many_attempts')
    return judged - before
  }
  const each = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))

  it('L01: a thousand times at one person, one after the other, is judged five times, and told when to come back', async () => {
    for (let n = 0; n < 5; n++) await guess(ada)
    time += 60
    for (let n = 0; n < 995; n++) {
      const refusal = await refusalOf(guess(ada))
      expect(refusal).to.include({ code: 'too_many_attempts', status: 429, retryAfterSeconds: 840 })
      expect(refusal.message).to.equal('Too many attempts. Please wait 14 minutes and try again.')
    }
    expect(judged).to.equal(5)
    time += 839
    expect(await refusalOf(guess(ada))).to.include({ retryAfterSeconds: 1 })
    time += 1
    await guess(ada)
  })

  it('L02: two hundred times at once lets through no more than one by one', async () => {
    expect(await judgedOf(each(200, () => guess(ada)))).to.equal(5)
    // The right one among them is no way past the limit either.
    expect(await refusalOf(know(ada))).to.include({ code: 'too_many_attempts' })
  })

  it('L02: two hundred times at once passes a counter that reads before it writes', async () => {
    const counts = new Map<string, number>()
    attempts = attemptsOver({
      ...store.counters,
      async hit(name) {
        const count = (counts.get(name) ?? 0) + 1
        await Promise.resolve()
        counts.set(name, count)
        return { count, endsAt: time + 900 }
      },
    })
    expect(await judgedOf(each(200, () => guess(ada)))).to.equal(200)
  })

  it('L02: two hundred times at once from two hundred networks lets through what everybody together has', async () => {
    expect(await judgedOf(each(200, (n) => guess(ada, `203.0.113.${n}`)))).to.equal(30)
  })

  it('L03: at a thousand persons from one network is limited', async () => {
    expect(await judgedOf(each(1_000, (n) => guess(`person${n}@example.com`)))).to.equal(20)
    await guess('person1@example.com', '198.51.100.8')
  })

  it('L03: is counted by the /64 of an IPv6 address, through which one subscriber may walk', async () => {
    const walk = each(30, (n) => guess(`person${n}@example.com`, `2001:db8:1:2:${n.toString(16)}::${n}`))
    expect(await judgedOf(walk)).to.equal(20)
    await guess('person1@example.com', '2001:db8:1:3::1')
  })

  it('L03: is counted by the /48 as well: all its networks have what ten have', async () => {
    const spraying = each(500, (n) => guess(`person${n}@example.com`, `2001:db8:1:${n.toString(16)}::1`))
    expect(await judgedOf(spraying)).to.equal(200)
    await guess('person1@example.com', '2001:db8:2::1')
  })

  it('L04: from elsewhere does not lock the person out', async () => {
    expect(await judgedOf(each(50, (n) => guess(ada, `203.0.113.${n % 3}`)))).to.equal(15)
    for (let n = 0; n < 5; n++) await guess(ada)
    expect(await know(ada, '203.0.113.9')).to.deep.equal({ email: ada })
  })

  it('L04: from everywhere keeps nobody from the browsers that they were signed in with, nor from other accounts', async () => {
    for (let windows = 0; windows < 3; windows++) {
      expect(await judgedOf(each(100, (n) => guess(ada, `203.0.113.${n}`)))).to.equal(30)
      const refusal = await refusalOf(know(ada))
      expect(refusal).to.include({ code: 'too_many_attempts', status: 429, retryAfterSeconds: 900 })
      expect(refusal.message).to.match(/try again\. In a browser where you were signed in before you need not wait\.$/)
      expect(await know(ada, home, { device: 'laptop' })).to.deep.equal({ email: ada })
      expect(await know(ada, '203.0.113.5', { device: 'phone' })).to.deep.equal({ email: ada })
      await guess('grace@example.com')
      time += 900
    }
    expect(await know(ada)).to.deep.equal({ email: ada })
  })

  it('L04: in a known browser has its own limit, and uses up nobody else’s', async () => {
    expect(await judgedOf(each(50, () => guess(ada, home, { device: 'laptop' })))).to.equal(5)
    await expectLimited(know(ada, home, { device: 'laptop' }))
    expect(await know(ada, home, { device: 'phone' })).to.deep.equal({ email: ada })
    for (let n = 0; n < 5; n++) await guess(ada)
    // The name of a browser is worth as much as it has attempts with each person.
    expect(await judgedOf(each(50, () => guess('grace@example.com', home, { device: 'laptop' })))).to.equal(5)
  })

  it('in known browsers is limited for one account as from one network, right ones too, since each costs a hash', async () => {
    for (let n = 0; n < 20; n++) await know(ada, home, { device: `browser ${n % 7}` })
    await expectLimited(know(ada, '203.0.113.1', { device: 'another' }))
    expect(await know('grace@example.com', home, { device: 'browser 1' })).to.deep.equal({ email: 'grace@example.com' })
  })

  it('L04: what was right is not counted against its person, from anywhere', async () => {
    for (let n = 0; n < 100; n++) await know(ada, `203.0.113.${n}`)
    for (let n = 0; n < 60; n++) await know(ada, `2001:db8:1:${n}::1`)
    expect(await judgedOf(each(100, (n) => guess(ada, `198.51.100.${n}`)))).to.equal(30)
  })

  it('L04: who goes on after being refused does not use up what everybody has', async () => {
    expect(await judgedOf(each(500, () => guess(ada)))).to.equal(5)
    expect(await judgedOf(each(100, (n) => guess(ada, `203.0.113.${n}`)))).to.equal(25)
  })

  it('L04: is not forgotten by the right password, for the person or the network', async () => {
    for (let n = 0; n < 3; n++) await guess(ada)
    for (let n = 0; n < 9; n++) await know(ada)
    for (let n = 0; n < 2; n++) await guess(ada)
    await expectLimited(guess(ada))
    // An own account is no way to guess at others without end, nor to keep a network of one's own busy.
    for (let n = 0; n < 5; n++) await know('grace@example.com')
    await expectLimited(know('grace@example.com'))
  })

  it('L04: what could not be judged is not counted', async () => {
    const busy = new Refusal('busy', 'Too many people sign in.', { status: 503 })
    for (let n = 0; n < 10; n++)
      expect(
        await refusalOf(
          attempts.counted({ email: ada, address: home }, async () => {
            throw busy
          }),
        ),
      ).to.equal(busy)
    for (let n = 0; n < 5; n++) await guess(ada)
    await expectLimited(guess(ada))
  })

  it('L05: at another spelling of the address is guessing at the same person', async () => {
    const spellings = ['ada@example.com', ' ADA@Example.com', 'ada@exam\u00adple.com', 'ａda@example.com', 'ada@example。com']
    for (const email of spellings) await guess(email)
    for (const email of spellings) await expectLimited(guess(email))
    await guess('grace@example.com')
  })

  it('at what is no address is limited as well', async () => {
    for (let n = 0; n < 5; n++) await guess('no address')
    await expectLimited(guess('no address'))
  })

  describe('is counted', () => {
    let names: Set<string>
    beforeEach(() => {
      names = new Set()
      attempts = attemptsOver({
        async hit(name) {
          names.add(name)
          return { count: 1, endsAt: time + 900 }
        },
        takeBack: async () => undefined,
      })
    })

    it('under names that say nothing of anybody', async () => {
      await guess(ada, '2001:db8::1')
      await guess(ada, home, { device: 'laptop' })
      expect([...names].map((name) => name.replace(/\d+$/, 'N'))).to.have.members([
        'sign-in-from:N',
        'sign-in-from-site:N',
        'sign-in:N',
        'sign-in-site:N',
        'sign-in-overall:N',
        'sign-in-device:N',
        'sign-in-known:N',
      ])
    })

    it('L03: in slots, of which there are so many and no more, whatever names and networks strangers have', async () => {
      const strangers = 8_000
      for (let n = 0; n < strangers; n++) await guess(`person${n}@example.com`, `2001:db8:${n.toString(16)}::1`)
      const kinds = Map.groupBy(names, (name) => name.split(':')[0])
      expect([...kinds.keys()]).to.have.length(5)
      // So many values that fall evenly into the slots share some: one in seventeen is in a slot that was taken.
      const taken = slots * (1 - Math.exp(-strangers / slots))
      for (const [kind, of] of kinds) expect(of.length, kind).to.be.closeTo(taken, 120)
    })
  })
})
