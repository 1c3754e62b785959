import { expect } from 'chai'
import type { CounterStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function counterFacts(world: World): void {
  let store: CounterStore
  beforeEach(() => {
    store = world.handles[0]!.counters
  })

  it('counts within the window that the first hit opened', async () => {
    const endsAt = world.time + 60
    expect(await store.hit('k', 60)).to.deep.equal({ count: 1, endsAt })
    world.time += 59
    expect(await store.hit('k', 60)).to.deep.equal({ count: 2, endsAt })
  })

  it('begins again when the window has ended', async () => {
    await store.hit('k', 60)
    world.time += 60
    expect(await store.hit('k', 30)).to.deep.equal({ count: 1, endsAt: world.time + 30 })
    expect(await store.hit('k', 30)).to.deep.equal({ count: 2, endsAt: world.time + 30 })
  })

  it('never gives one value twice, a thousand hits at once', async () => {
    const answers = await world.race(1000, ({ counters }) => counters.hit('k', 60))
    const counts = answers.map(({ count }) => count).sort((one, other) => one - other)
    expect(counts).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1))
  })

  it('keeps keys apart', async () => {
    await store.hit('k', 60)
    expect((await store.hit('l', 60)).count).to.equal(1)
  })

  it('takes a hit back, and what comes next takes its place', async () => {
    const { endsAt } = await store.hit('k', 60)
    await store.hit('k', 60)
    await store.takeBack('k', endsAt)
    expect(await store.hit('k', 60)).to.deep.equal({ count: 2, endsAt })
  })

  it('takes nothing back of another window, of another counter, or below nought', async () => {
    const { endsAt } = await store.hit('k', 60)
    await store.takeBack('k', endsAt + 1)
    await store.takeBack('l', endsAt)
    expect((await store.hit('k', 60)).count).to.equal(2)
    expect((await store.hit('l', 60)).count).to.equal(1)
    for (let n = 0; n < 5; n++) await store.takeBack('l', endsAt)
    expect((await store.hit('l', 60)).count).to.equal(1)
    world.time += 60
    await store.hit('k', 60)
    await store.takeBack('k', endsAt)
    expect((await store.hit('k', 60)).count).to.equal(2)
  })

  it('has taken back each of a hundred at once', async () => {
    const { endsAt } = await store.hit('k', 60)
    await world.race(100, async ({ counters }) => counters.takeBack('k', (await counters.hit('k', 60)).endsAt))
    expect(await store.hit('k', 60)).to.deep.equal({ count: 2, endsAt })
  })
}
