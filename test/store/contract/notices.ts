import { expect } from 'chai'
import type { Notice, NoticeStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function noticeFacts(world: World): void {
  let store: NoticeStore
  beforeEach(() => {
    store = world.handles[0]!.notices
  })

  const made = (id: string, change: Partial<Notice> = {}): Notice => ({
    id,
    client: 'web',
    account: 'ada',
    session: 'sid',
    expiresAt: world.time + 60,
    ...change,
  })

  it('lists what was added, to the letter, what ends first before the rest', async () => {
    const [first, second] = [made('b'), made('a', { client: 'spa', expiresAt: world.time + 61 })]
    await store.add(second)
    await store.add(first)
    for (const { notices } of world.handles) expect(await notices.list(10)).to.deep.equal([first, second])
    expect(await store.list(1)).to.deep.equal([first])
  })
  it('removes one, and does not mind when it is gone', async () => {
    await store.add(made('a'))
    await store.add(made('b'))
    await store.remove('a')
    await store.remove('a')
    expect((await store.list(10)).map(({ id }) => id)).to.deep.equal(['b'])
  })
  it('never lists what is past its end', async () => {
    await store.add(made('a'))
    world.time += 60
    expect(await store.list(10)).to.deep.equal([])
    await store.add(made('a', { session: 'another' }))
    expect(
      (await store.list(10)).map(({ session }) => session),
      'and drops it with the next',
    ).to.deep.equal(['another'])
  })
}
