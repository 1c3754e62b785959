import { expect } from 'chai'
import type { ArtifactStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

/** Reads, awaits, writes: what an ordinary adapter does. The control of the race above: a race that it passes proves nothing. */
async function naiveConsume(store: ArtifactStore, model: string, id: string): Promise<boolean> {
  const found = await store.find(model, id)
  if (!found || found.consumedAt !== undefined) return false
  await store.put({ ...found, consumedAt: found.expiresAt - 1 })
  return true
}

export function naiveControl(world: World): void {
  it('lets more than one of a thousand through', async () => {
    await world.handles[0]!.artifacts.put({ model: 'AuthorizationCode', id: 'a', payload: 'p', expiresAt: world.time + 60 })
    const answers = await world.race(1000, ({ artifacts }) => naiveConsume(artifacts, 'AuthorizationCode', 'a'))
    expect(answers.filter(Boolean)).to.have.length.greaterThan(1)
  })
}
