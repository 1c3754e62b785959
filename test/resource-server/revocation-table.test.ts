/** Where the kit keeps sentences: a control keeps them in a Map, as one would. */
import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import { createRevocationTable, type Digest } from '../../src/resource-server/revocation-table.ts'

const anyWord = (): number => randomInt(2 ** 32) | 0
const anyDigest = (): Digest => [anyWord(), anyWord(), anyWord(), anyWord()]
const later = Number.POSITIVE_INFINITY

describe('the table of sentences', () => {
  let time = 1_000
  beforeEach(() => {
    time = 1_000
  })
  const now = () => time

  it('finds what a Map finds, and nothing else', () => {
    const table = createRevocationTable(now)
    const control = new Map<string, { digest: Digest; before: number }>()
    // Few heads and few second words: digests that differ in their last words alone stand beside one another.
    const few = [0, 1, -1, 7]
    const digests = Array.from(
      { length: 20_000 },
      (_, at): Digest => (at % 2 === 0 ? anyDigest() : [few[at % 3] as number, few[at % 4] as number, at % 40, randomInt(20)]),
    )
    for (const digest of digests) {
      const before = [undefined, 500, 600][randomInt(3)]
      table.add(digest, 2_000, before)
      const known = control.get(`${digest}`)?.before ?? 0
      control.set(`${digest}`, { digest, before: Math.max(known, before ?? later) })
    }
    // By 0 for a head there stands a 1: what differs by that alone is not told apart.
    const isOther = ([first]: Digest) => first !== 0 && first !== 1
    for (const { digest, before } of control.values()) {
      expect(table.isDead(digest, before === later ? 1e15 : before)).to.equal(true)
      if (before !== later && isOther(digest)) expect(table.isDead(digest, before + 1)).to.equal(false)
    }
    for (let count = 0; count < 20_000; count++) {
      const digest = anyDigest()
      expect(table.isDead(digest, 0)).to.equal(control.has(`${digest}`))
    }
    expect(table.size()).to.be.within(control.size - 1_000, control.size)
  })
  it('keeps of one digest the later time and the later end', () => {
    const table = createRevocationTable(now)
    const [one, other] = [anyDigest(), anyDigest()]
    for (const [end, before] of [
      [2_000, 500],
      [1_500, 600],
      [1_800, 400],
    ] as const)
      table.add(one, end, before)
    expect([table.isDead(one, 600), table.isDead(one, 601), table.size()]).to.deep.equal([true, false, 1])
    table.add(one, 1_500)
    table.add(one, 1_500, 700)
    expect(table.isDead(one, 1e9)).to.equal(true)
    time = 1_999
    for (let count = 0; count < 5_000; count++) table.add(anyDigest(), 3_000)
    expect([table.isDead(one, 1e9), table.isDead(other, 0)]).to.deep.equal([true, false])
  })
  it('takes nothing that has ended, and times beyond 2106', () => {
    const table = createRevocationTable(now)
    const [one, other] = [anyDigest(), anyDigest()]
    table.add(one, 1_000)
    table.add(other, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    expect([table.isDead(one, 0), table.isDead(other, 1e12), table.size()]).to.deep.equal([false, true, 1])
  })
  it('grows by what lives and not by what ever came', () => {
    const table = createRevocationTable(now)
    for (; time < 21_000; time += 10) for (let count = 0; count < 20; count++) table.add(anyDigest(), time + 1_000)
    expect(table.size(), 'of 40,000 that came two thousand live').to.be.below(8_000)
  })
  it('gives back the room of those that ended, though nothing comes any more', () => {
    const table = createRevocationTable(now)
    const last = anyDigest()
    for (let count = 0; count < 20_000; count++) table.add(anyDigest(), 2_000)
    table.add(last, 3_000)
    time = 2_000
    for (let count = 0; count < 32; count++) table.tidy()
    expect([table.size(), table.isDead(last, 0)]).to.deep.equal([1, true])
    time = 3_000
    for (let count = 0; count < 32; count++) table.tidy()
    expect(table.size()).to.equal(0)
  })
})
