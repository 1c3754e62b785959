import { expect } from 'chai'
import type { RevocationStore, Sentence } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function revocationFacts(world: World): void {
  let store: RevocationStore
  beforeEach(() => {
    store = world.handles[0]!.revocations
  })
  const about = (value: string, change: Partial<Sentence> = {}): Sentence => ({
    kind: 'grant',
    value,
    endsAt: world.time + 60,
    ...change,
  })
  const cursors = async (from = 0) => (await store.after(from, 1_000)).map(({ cursor }) => cursor)

  it('are found by what they are about, to the letter', async () => {
    const [good, timed] = [about('a'), about('a', { kind: 'client', before: world.time })]
    await store.add([good, timed])
    for (const { revocations } of world.handles) {
      expect(await revocations.find([good])).to.deep.equal([{ ...good, cursor: 1 }])
      expect(await revocations.find([timed, about('b')])).to.deep.equal([{ ...timed, cursor: 2 }])
      expect(await revocations.find([])).to.deep.equal([])
    }
  })
  it('are read in the order in which they were committed', async () => {
    expect([await store.cursor(), await store.after(0, 10)]).to.deep.equal([0, []])
    for (const value of ['c', 'a', 'b']) await store.add([about(value)])
    expect((await store.after(0, 10)).map(({ value }) => value)).to.deep.equal(['c', 'a', 'b'])
    expect((await store.after(1, 1)).map(({ value }) => value)).to.deep.equal(['a'])
    expect([await store.cursor(), await store.after(3, 10)]).to.deep.equal([3, []])
  })
  it('merge: the later time and the later end stay, and only what is new is read again', async () => {
    const early = about('a', { before: world.time })
    await store.add([early])
    const merges: [Sentence, Partial<Sentence>, number][] = [
      [early, early, 1],
      [about('a', { before: world.time - 1, endsAt: world.time + 59 }), early, 1],
      [about('a', { before: world.time + 5, endsAt: world.time + 59 }), { ...early, before: world.time + 5 }, 2],
      [about('a', { before: world.time, endsAt: world.time + 90 }), { before: world.time + 5, endsAt: world.time + 90 }, 3],
      [about('a'), { endsAt: world.time + 90 }, 4],
      [early, { endsAt: world.time + 90 }, 4],
    ]
    for (const [added, stands, cursor] of merges) {
      await store.add([added])
      expect(await store.after(0, 10)).to.deep.equal([{ kind: 'grant', value: 'a', ...stands, cursor }])
    }
  })
  it('leave at their end, and their cursors never come again', async () => {
    await store.add([about('a'), about('b')])
    world.time += 60
    expect([await store.after(0, 10), await store.find([about('a')])]).to.deep.equal([[], []])
    await store.add([about('c')])
    expect(await cursors()).to.deep.equal([3])
    world.time += 60
    await store.add([about('d')])
    await store.add([about('e')])
    expect([await cursors(), await store.cursor()]).to.deep.equal([[4, 5], 5])
  })
  it('leave as fast as others come, however many come at once', async () => {
    const fifty = (name: string) => Array.from({ length: 50 }, (_, at) => about(`${name}${at}`))
    for (const name of ['a', 'b', 'c']) await store.add(fifty(name))
    world.time += 60
    await store.add(fifty('d'))
    expect(await cursors()).to.have.length(50)
    // Those that are left are seen where the clock is turned back.
    world.time -= 60
    expect(await cursors()).to.have.length(50 + 150 - 116)
    world.time += 60
    await store.add(fifty('e'))
    world.time -= 60
    expect(await cursors()).to.have.length(100)
  })
  it('come again after their end as new ones', async () => {
    await store.add([about('a')])
    world.time += 60
    await store.add([about('a')])
    expect(await store.after(1, 10)).to.deep.equal([{ ...about('a'), cursor: 2 }])
  })
  it('have a cursor each, however many come at once, and whoever follows the cursors misses none', async () => {
    const seen = new Set<string>()
    let cursor = 0
    const follow = async ({ revocations }: { revocations: RevocationStore }) => {
      for (const one of await revocations.after(cursor, 1_000)) {
        seen.add(one.value)
        cursor = one.cursor
      }
    }
    let done = false
    const reading = (async () => {
      while (!done) {
        for (const handle of world.handles) await follow(handle)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await world.race(100, ({ revocations }, index) => revocations.add([about(`x${index}`), about(`y${index}`)]))
    done = true
    await reading
    await follow(world.handles[0]!)
    expect(seen.size).to.equal(200)
    expect(new Set(await cursors()).size).to.equal(200)
  })
  it('are of a list that keeps its first name, and its longest lifetime', async () => {
    expect(await store.list()).to.equal(undefined)
    await store.begin({ id: 'one', longestSeconds: 600 })
    await store.begin({ id: 'two', longestSeconds: 60 })
    for (const { revocations } of world.handles)
      expect(await revocations.list()).to.deep.equal({ id: 'one', longestSeconds: 600 })
    await store.begin({ id: 'two', longestSeconds: 3_600 })
    expect(await store.list()).to.deep.equal({ id: 'one', longestSeconds: 3_600 })
  })
}
