import { expect } from 'chai'
import type { World } from '../contract.ts'

export function lineageFacts(world: World): void {
  it('has none until one begins', async () => {
    for (const { lineage } of world.handles) expect(await lineage.current()).to.equal(undefined)
  })
  it('is the one that began last, for everybody', async () => {
    const { lineage } = world.handles[0]!
    await lineage.begin({ id: 'first', beganAt: world.time })
    await lineage.begin({ id: 'second', beganAt: world.time + 1 })
    for (const one of world.handles) expect(await one.lineage.current()).to.deep.equal({ id: 'second', beganAt: world.time + 1 })
  })
}
