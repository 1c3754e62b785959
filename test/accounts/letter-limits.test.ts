import { expect } from 'chai'
import { createLetterLimits, type LetterLimits } from '../../src/accounts/letter-limits.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { refusalOf } from '../store/place.ts'

const home = '198.51.100.7'
const ada = 'ada@example.com'
const limits = { perNetwork: 20, perPersonAndNetwork: 3, perPerson: 8, windowSeconds: 3_600 }

describe('letters that anybody can ask for', () => {
  let time: number
  let store: Store
  let letters: LetterLimits
  const now = () => time
  beforeEach(async () => {
    time = 1_700_000_000
    store = await openStore({ dataFolder: ':memory:', now })
    letters = createLetterLimits({ counters: store.counters, limits, key: Buffer.alloc(32, 1), now })
  })
  afterEach(() => store.close())

  /** How many of these, all at once, were let through. */
  async function passed(asked: Promise<void>[]): Promise<number> {
    const all = await Promise.allSettled(asked)
    for (const one of all) if (one.status === 'rejected') expect(one.reason).to.include({ code: 'too_many_letters', status: 429 })
    return all.filter(({ status }) => status === 'fulfilled').length
  }
  const each = (count: number, ask: (n: number) => Promise<void>) => passed(Array.from({ length: count }, (_, n) => ask(n)))
  const network = (n: number) => `203.0.${Math.floor(n / 250)}.${n % 250}`

  it('M11 are three to one mailbox from one network, two hundred requests at once or not, and say when there is another', async () => {
    expect(await each(200, () => letters.count('recovery', ada, home))).to.equal(3)
    time += 600
    const refusal = await refusalOf(letters.count('recovery', ada, home))
    expect(refusal).to.include({ code: 'too_many_letters', retryAfterSeconds: 3_000 })
    expect(refusal.message).to.contain('still good').and.to.contain('After 50 minutes')
    time += 3_000
    expect(await each(5, () => letters.count('recovery', ada, home))).to.equal(3)
  })

  it('M11 are eight to one mailbox from however many networks', async () => {
    expect(await each(300, (n) => letters.count('recovery', ada, network(n)))).to.equal(8)
  })

  it('M11 are so many whatever the spelling of the address', async () => {
    const spellings = ['ada@example.com', 'ADA@example.com', ' Ada@Example.COM ', 'ａｄａ@example.com', 'ada@EXAMPLE。com']
    expect(await each(50, (n) => letters.count('recovery', spellings[n % spellings.length]!, home))).to.equal(3)
  })

  it('M11 are twenty from one network, to however many people', async () => {
    expect(await each(300, (n) => letters.count('sign-up', `somebody-${n}@example.com`, home))).to.equal(20)
    expect(await each(1, () => letters.count('sign-up', ada, network(1))), 'from elsewhere').to.equal(1)
  })

  it('M11 are no more from the networks of one IPv6 subscriber to one mailbox', async () => {
    expect(await each(100, (n) => letters.count('recovery', ada, `2001:db8:1:${n.toString(16)}::1`))).to.equal(3)
  })

  it('that one network asks for after its refusals use up nobody else’s', async () => {
    await each(200, () => letters.count('recovery', ada, home))
    expect(await each(3, () => letters.count('recovery', ada, network(1)))).to.equal(3)
  })

  it('of one kind use up none of another', async () => {
    await each(200, (n) => letters.count('sign-up', ada, network(n)))
    expect(await each(5, () => letters.count('recovery', ada, home))).to.equal(3)
  })

  it('count as one mailbox for what is no address at all, so that nothing is told by that', async () => {
    expect(await each(10, () => letters.count('recovery', 'no address', home))).to.equal(3)
  })
})
