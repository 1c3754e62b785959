import { expect } from 'chai'
import type { Artifact, ArtifactStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

/** Reads, awaits, writes: the control of the race below. */
async function naiveReplace(store: ArtifactStore, artifact: Artifact, expectedVersion: number): Promise<boolean> {
  const found = await store.find(artifact.model, artifact.id)
  if ((found?.version ?? 0) !== expectedVersion) return false
  await store.put(artifact)
  return true
}

export function replacementFacts(world: World): void {
  let store: ArtifactStore
  beforeEach(() => {
    store = world.handles[0]!.artifacts
  })
  const made = (change: Partial<Artifact> = {}): Artifact => ({
    model: 'RefreshToken',
    id: 'a',
    payload: 'sealed',
    expiresAt: world.time + 60,
    ...change,
  })
  const found = () => store.find('RefreshToken', 'a')

  it('takes the place of the expected version, to the letter', async () => {
    await store.put(made({ uid: 'u', grant: 'g' }))
    const next = made({ payload: 'next', expiresAt: world.time + 90, uid: 'v', account: 'p', version: 1 })
    expect(await store.replace(next, 0)).to.equal(true)
    expect(await found()).to.deep.equal(next)
    expect(await store.findByUid('RefreshToken', 'u')).to.equal(undefined)
    expect(await store.findByUid('RefreshToken', 'v')).to.deep.equal(next)
    expect(await store.removeBound({ grant: 'g' })).to.equal(0)
    expect(await store.removeBound({ account: 'p' })).to.equal(1)
  })

  it('refuses every other version, and leaves the row as it is', async () => {
    await store.put(made({ version: 7, grant: 'g' }))
    for (const expected of [0, 6, 8, 70, 1e9]) expect(await store.replace(made({ version: 8 }), expected)).to.equal(false)
    expect(await found()).to.deep.equal(made({ version: 7, grant: 'g' }))
    expect(await store.replace(made({ version: 8 }), 7)).to.equal(true)
  })

  it('may leave the version as it is', async () => {
    await store.put(made({ version: 2 }))
    for (const expiresAt of [world.time + 90, world.time + 120]) {
      expect(await store.replace(made({ version: 2, expiresAt }), 2)).to.equal(true)
    }
    expect((await found())?.expiresAt).to.equal(world.time + 120)
  })

  it('lives by the new expiry', async () => {
    await store.put(made())
    await store.replace(made({ version: 1, expiresAt: world.time + 120 }), 0)
    world.time += 119
    expect(await found()).not.to.equal(undefined)
    world.time += 1
    expect(await found()).to.equal(undefined)
  })

  it('keeps that the row was used', async () => {
    await store.put(made())
    await store.consume('RefreshToken', 'a')
    expect(await store.replace(made({ version: 1 }), 0)).to.equal(true)
    expect((await found())?.consumedAt).to.equal(world.time)
  })

  it('fails for what was never there, has expired or was removed, and does not make it', async () => {
    expect(await store.replace(made({ version: 1 }), 0)).to.equal(false)
    await store.put(made())
    await store.remove('RefreshToken', 'a')
    expect(await store.replace(made({ version: 1 }), 0)).to.equal(false)
    await store.put(made())
    world.time += 60
    expect(await store.replace(made({ version: 1 }), 0)).to.equal(false)
    expect(await found()).to.equal(undefined)
  })

  it('lets exactly one of a thousand through, and each version once', async () => {
    await store.put(made())
    for (const version of [1, 2]) {
      const answers = await world.race(1000, ({ artifacts }, i) =>
        artifacts.replace(made({ version, payload: `${i}` }), version - 1),
      )
      expect(answers.filter(Boolean)).to.have.length(1)
      expect(await found()).to.deep.equal(made({ version, payload: `${answers.indexOf(true)}` }))
    }
  })

  it('the control: reading first lets more than one of a thousand through', async () => {
    await store.put(made())
    const answers = await world.race(1000, ({ artifacts }) => naiveReplace(artifacts, made({ version: 1 }), 0))
    expect(answers.filter(Boolean)).to.have.length.greaterThan(1)
  })
}
