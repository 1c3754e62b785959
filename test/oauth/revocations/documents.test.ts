/** What the list costs the server, in signatures and questions to the store, whoever asks for whichever place of it. */
import { expect } from 'chai'
import { createDocuments, type Documents, type Place } from '../../../src/oauth/revocations/document.ts'
import { createWaiting } from '../../../src/oauth/revocations/waiting.ts'
import type { KeptSentence } from '../../../src/store/store.ts'

interface Said {
  cursor: string
  more?: true
  entries: [string, number][]
}

describe('the documents of the list of revocations', () => {
  let time = 1_800_000_000
  let kid = 'k1'
  /** As the store's role has them, without what writing them costs: `store/contract` holds that. */
  let rows: KeptSentence[] = []
  let documents: Documents
  let isAway = false
  const counts = { signed: 0, pages: 0, looks: 0 }
  const now = () => time
  const add = (count: number, endsAt = now() + 900) => {
    const from = rows.at(-1)?.cursor ?? 0
    for (let cursor = from + 1; cursor <= from + count; cursor++)
      rows.push({ kind: 'grant', value: `g${cursor}`, endsAt, cursor })
  }
  const isLiving = ({ endsAt }: KeptSentence) => endsAt > now()

  beforeEach(() => {
    rows = []
    kid = 'k1'
    isAway = false
    Object.assign(counts, { signed: 0, pages: 0, looks: 0 })
    documents = createDocuments({
      issuer: 'https://id.example.com',
      now,
      store: {
        lineage: { current: async () => undefined } as never,
        revocations: {
          find: async () => [],
          list: async () => ({ id: 'list', longestSeconds: 600 }),
          async after(cursor: number, limit: number) {
            counts.pages++
            return rows.slice(cursor).filter(isLiving).slice(0, limit)
          },
          async cursor() {
            counts.looks++
            return rows.length
          },
        } as never,
      },
      ring: { current: () => ({ kid }) as never },
      signatures: {
        async by() {
          if (isAway) throw new Error('away')
          counts.signed++
          return Buffer.from('signature')
        },
      },
    })
  })

  const saidIn = (text: Buffer): Said => JSON.parse(Buffer.from(String(text).split('.')[1] as string, 'base64url').toString())
  const placeOf = async (cursor?: string): Promise<Place> =>
    (await documents.placeOf(cursor)) ?? { ...(await documents.end()), cursor: 0 }
  /** As a reader does: until there is no more. */
  async function read(cursor?: string): Promise<{ texts: Buffer[]; digests: Set<string>; cursor: string }> {
    const texts: Buffer[] = []
    const digests = new Set<string>()
    for (let after = cursor; ; ) {
      const text = await documents.after(await placeOf(after))
      texts.push(text)
      const said = saidIn(text)
      for (const [digest] of said.entries) digests.add(digest)
      expect(said.cursor, 'it goes on').to.not.equal(after)
      if (!said.more) return { texts, digests, cursor: said.cursor }
      after = said.cursor
    }
  }

  it('are signed once for all readers, who hold the same bytes, and read once from the store', async () => {
    add(25_000)
    const readers = await Promise.all(Array.from({ length: 20 }, () => read()))
    expect(new Set(readers.map(({ digests }) => digests.size))).to.deep.equal(new Set([25_000]))
    expect(new Set(readers.flatMap(({ texts }) => texts)).size).to.equal(3)
    expect(counts).to.include({ signed: 3, pages: 3 })
    expect(counts.looks, 'one look for all who ask at once').to.be.below(40)
  })
  it('that are full stay as they are when something ends: the last one alone is made anew', async () => {
    add(25_000)
    const before = await read()
    add(1)
    const after = await read()
    expect(after.digests.size).to.equal(25_001)
    expect(after.texts.slice(0, 2)).to.deep.equal(before.texts.slice(0, 2))
    expect(counts.signed).to.equal(4)
    time += 30
    await read()
    expect(counts.signed, 'a document counts as fresh for a time').to.equal(7)
    kid = 'k2'
    await read()
    expect(counts.signed, 'nothing is sent any more by a key of before').to.equal(10)
  })
  for (const count of [0, 1, 9_999, 10_000, 10_001, 20_000]) {
    it(`say of ${count} sentences that there is more only where there is`, async () => {
      add(count)
      const { texts, digests, cursor } = await read()
      expect([texts.length, digests.size, cursor]).to.deep.equal([Math.max(1, Math.ceil(count / 10_000)), count, `list.${count}`])
    })
  }
  it('leave nothing out for a reader at any place, where much has ended by itself as well', async () => {
    for (let count = 0; count < 10; count++) add(3_000, now() + (count % 2 === 0 ? 900 : 5))
    time += 5
    const living = rows.filter(isLiving)
    const whole = await read()
    expect([whole.digests.size, living.length]).to.deep.equal([15_000, 15_000])
    for (const cursor of [1, 99, 2_999, 5_000, 5_001, 14_999, 19_876, 27_999, 28_001, 29_899, 29_900, 29_950, 29_999]) {
      const after = living.filter((one) => one.cursor > cursor)
      const { digests } = await read(`list.${cursor}`)
      expect(digests.size, `${cursor}`).to.be.within(after.length, after.length + 5_000)
      if (cursor >= 29_900) expect(digests.size, 'who is close gets what is new alone').to.equal(after.length)
    }
  })
  it('are few, wherever a stranger asks', async () => {
    add(25_000)
    for (let cursor = 0; cursor <= 25_000; cursor += 11) await documents.after(await placeOf(`list.${cursor}`))
    // Six from steps of five thousand, twenty of a hundred, and those of the last hundred places that were asked for.
    expect(counts.signed).to.be.below(40)
  })
  it('are made anew where one could not be signed', async () => {
    add(1)
    isAway = true
    const failed = await documents.after(await placeOf()).catch((error: Error) => error.message)
    expect(failed).to.equal('away')
    isAway = false
    expect(saidIn(await documents.after(await placeOf())).entries).to.have.length(1)
  })
})

describe('whoever waits for the next revocation', () => {
  const rest: (() => void)[] = []
  let elapsed = 0
  let looks = 0
  let end: Place = { lineage: 'list', cursor: 1 }
  const waiting = () =>
    createWaiting(
      {
        end: async () => {
          looks++
          return end
        },
      },
      (_milliseconds, run) => rest.push(run),
      () => elapsed,
    )
  beforeEach(() => {
    rest.length = 0
    elapsed = 0
    looks = 0
    end = { lineage: 'list', cursor: 1 }
  })
  const tick = async () => {
    for (const run of rest.splice(0)) run()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const place: Place = { lineage: 'list', cursor: 1 }
  const still = new AbortController().signal

  it('is one of a thousand that cost one look and one timer, and go together', async () => {
    const all = waiting()
    let released = 0
    for (let count = 0; count < 1_000; count++) void all.until(place, 25_000, still).then(() => released++)
    await tick()
    expect([looks, rest.length, released]).to.deep.equal([1, 1, 0])
    await all.until(place, 25_000, still)
    expect(released, 'one more than may wait is answered at once, and nobody else').to.equal(0)
    await tick()
    expect([looks, rest.length]).to.deep.equal([2, 1])
    end = { lineage: 'list', cursor: 2 }
    await tick()
    expect([released, looks, rest.length], 'nothing lies there for those who went').to.deep.equal([1_000, 3, 0])
  })
  it('goes when its time is over, when it left, and when nobody may wait any more', async () => {
    const all = waiting()
    const left = new AbortController()
    const released: string[] = []
    const wait = (name: string, milliseconds: number, signal = still) =>
      void all.until(place, milliseconds, signal).then(() => released.push(name))
    wait('short', 1_000)
    wait('long', 2_000)
    wait('leaves', 2_000, left.signal)
    wait('stays', 3_000)
    await tick()
    elapsed = 999
    await tick()
    expect(released).to.deep.equal([])
    elapsed = 1_000
    left.abort()
    await tick()
    expect(released).to.have.members(['short', 'leaves'])
    elapsed = 2_000
    await tick()
    expect(released.at(-1)).to.equal('long')
    all.close()
    await all.until(place, 25_000, still)
    expect(released).to.have.length(4)
  })
})
