import { expect } from 'chai'
import { type Attempts, createAttempts } from '../../src/accounts/attempts.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { refusalOf } from '../store/place.ts'

const home = '198.51.100.7'
const ada = 'ada@example.com'

describe('guessing', () => {
  let time: number
  let store: Store
  let attempts: Attempts
  const counted: string[] = []

  beforeEach(async () => {
    time = 1_700_000_000
    counted.length = 0
    store = await openStore({ dataFolder: ':memory:', now: () => time })
    const { hit, clear } = store.counters
    attempts = createAttempts({
      counters: {
        hit(key, windowSeconds) {
          counted.push(key)
          return hit(key, windowSeconds)
        },
        clear,
      },
      limits: { attemptsPerAccount: 5, attemptsPerNetwork: 20, windowSeconds: 900 },
      key: Buffer.alloc(32, 1),
      now: () => time,
    })
  })
  afterEach(() => store.close())

  const begin = (email: string, address = home) => attempts.begin(email, address)
  async function outcomes(calls: Promise<void>[]): Promise<{ passed: number; refused: number }> {
    const settled = await Promise.allSettled(calls)
    const refused = settled.filter((one) => one.status === 'rejected' && one.reason.code === 'too_many_attempts').length
    const passed = settled.filter((one) => one.status === 'fulfilled').length
    expect(passed + refused).to.equal(calls.length)
    return { passed, refused }
  }

  it('L01: at one person is limited, and says when to come back', async () => {
    for (let n = 0; n < 5; n++) await begin(ada)
    time += 60
    for (let n = 0; n < 10; n++) {
      const refusal = await refusalOf(begin(ada))
      expect(refusal).to.include({ code: 'too_many_attempts', status: 429, retryAfterSeconds: 840 })
      expect(refusal.message).to.equal('Too many attempts. Please wait 14 minutes and try again.')
    }
    time += 839
    expect(await refusalOf(begin(ada))).to.include({ retryAfterSeconds: 1 })
    time += 1
    await begin(ada)
  })

  it('L02: a hundred times at once lets through no more than one by one', async () => {
    expect(await outcomes(Array.from({ length: 100 }, () => begin(ada)))).to.deep.equal({ passed: 5, refused: 95 })
  })

  it('L03: at many persons from one network is limited', async () => {
    expect(await outcomes(Array.from({ length: 100 }, (_, n) => begin(`person${n}@example.com`)))).to.deep.equal({
      passed: 20,
      refused: 80,
    })
    await begin('person1@example.com', '198.51.100.8')
  })

  it('L03: is counted by the /64 of an IPv6 address, through which one subscriber may walk', async () => {
    const walk = Array.from({ length: 30 }, (_, n) => begin(`person${n}@example.com`, `2001:db8:1:2:${n.toString(16)}::${n}`))
    expect(await outcomes(walk)).to.deep.equal({ passed: 20, refused: 10 })
    await begin('person1@example.com', '2001:db8:1:3::1')
  })

  it('L04: from elsewhere does not lock the person out', async () => {
    const thieves = Array.from({ length: 50 }, (_, n) => begin(ada, `203.0.113.${n % 3}`))
    expect((await outcomes(thieves)).passed).to.equal(15)
    for (let n = 0; n < 5; n++) await begin(ada)
  })

  it('L04: is forgotten by the right password, from there and for this person alone', async () => {
    for (let n = 0; n < 5; n++) await begin(ada)
    await begin(ada, '203.0.113.1')
    await attempts.succeeded(ada, home)
    for (let n = 0; n < 5; n++) await begin(ada)
    await refusalOf(begin(ada))
    // What the network did stays counted: an own account is no way to guess at others without end.
    for (let n = 0; n < 9; n++) await begin(`person${n}@example.com`)
    await refusalOf(begin('person9@example.com'))
  })

  it('L05: at another spelling of the address is guessing at the same person', async () => {
    const spellings = ['ada@example.com', ' ADA@Example.com', 'ada@exam\u00adple.com', 'ａda@example.com', 'ada@example。com']
    for (const email of spellings) await begin(email)
    for (const email of spellings) await refusalOf(begin(email))
    await begin('grace@example.com')
  })

  it('at what is no address is limited as well', async () => {
    for (let n = 0; n < 5; n++) await begin('no address')
    await refusalOf(begin('no address'))
  })

  it('leaves no address and no e-mail in the store', async () => {
    await begin(ada)
    expect(counted).to.have.length(2)
    for (const key of counted) expect(key).to.match(/^sign-in(-from)?:[A-Za-z0-9_-]{43}$/)
  })
})
