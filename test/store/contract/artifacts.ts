import { expect } from 'chai'
import type { Artifact, ArtifactBond, ArtifactStore } from '../../../src/store/store.ts'
import type { World } from '../contract.ts'

export function artifactFacts(world: World): void {
  let store: ArtifactStore
  beforeEach(() => {
    store = world.handles[0]!.artifacts
  })

  const made = (change: Partial<Artifact> = {}): Artifact => ({
    model: 'AuthorizationCode',
    id: 'a',
    payload: 'sealed',
    expiresAt: world.time + 60,
    ...change,
  })

  describe('put and find', () => {
    it('gives back what was put, to the letter', async () => {
      const full = made({
        payload: 'ünïcode "quotes" \\ \n line\u2028',
        uid: 'u',
        userCode: 'c',
        account: 'p',
        client: 'k',
        grant: 'g',
        consumedAt: world.time,
      })
      await store.put(full)
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(full)
    })

    it('gives no property that was not put', async () => {
      await store.put(made())
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(made())
    })

    it('gives the same to every handle', async () => {
      await store.put(made())
      for (const { artifacts } of world.handles) expect(await artifacts.find('AuthorizationCode', 'a')).to.deep.equal(made())
    })

    it('keeps models apart', async () => {
      await store.put(made())
      await store.put(made({ model: 'Session', payload: 'other' }))
      expect((await store.find('AuthorizationCode', 'a'))?.payload).to.equal('sealed')
      expect((await store.find('Session', 'a'))?.payload).to.equal('other')
      expect(await store.find('Grant', 'a')).to.equal(undefined)
    })

    it('replaces what stands under the same id, and what it no longer has is gone', async () => {
      await store.put(made({ uid: 'u', grant: 'g' }))
      const next = made({ payload: 'next', uid: 'v', expiresAt: world.time + 90 })
      await store.put(next)
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(next)
      expect(await store.findByUid('AuthorizationCode', 'u')).to.equal(undefined)
      expect(await store.findByUid('AuthorizationCode', 'v')).to.deep.equal(next)
      expect(await store.removeBound({ grant: 'g' })).to.equal(0)
    })

    it('keeps consumedAt when what was used is replaced', async () => {
      await store.put(made())
      await store.consume('AuthorizationCode', 'a')
      world.time += 5
      await store.put(made({ payload: 'next' }))
      const found = await store.find('AuthorizationCode', 'a')
      expect(found?.payload).to.equal('next')
      expect(found?.consumedAt).to.equal(world.time - 5)
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(false)
    })

    it('starts afresh under the id of what was used and has expired', async () => {
      await store.put(made())
      await store.consume('AuthorizationCode', 'a')
      world.time += 60
      await store.put(made())
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(made())
    })
  })

  describe('look-up by a second key', () => {
    for (const [name, key, find] of [
      ['uid', { uid: 'x' }, (value: string) => store.findByUid('Session', value)],
      ['user code', { userCode: 'x' }, (value: string) => store.findByUserCode('Session', value)],
    ] as const) {
      it(`finds by ${name}, within the model only`, async () => {
        await store.put(made({ model: 'Session', ...key }))
        await store.put(made({ model: 'Other', id: 'b', ...key }))
        expect((await find('x'))?.id).to.equal('a')
        expect(await find('y')).to.equal(undefined)
      })

      it(`finds by ${name} what took the place of a removed one`, async () => {
        await store.put(made({ model: 'Session', id: 'before', ...key }))
        await store.put(made({ model: 'Session', id: 'after', ...key }))
        await store.remove('Session', 'before')
        expect((await find('x'))?.id).to.equal('after')
      })

      it(`finds nothing expired by ${name}`, async () => {
        await store.put(made({ model: 'Session', ...key }))
        world.time += 60
        expect(await find('x')).to.equal(undefined)
      })
    }
  })

  describe('insert', () => {
    it('refuses the second, which leaves the first as it was', async () => {
      expect(await store.insert(made({ payload: 'first', grant: 'g' }))).to.equal(true)
      expect(await store.insert(made({ payload: 'second' }))).to.equal(false)
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(made({ payload: 'first', grant: 'g' }))
    })

    it('lets exactly one of a thousand through', async () => {
      const answers = await world.race(1000, ({ artifacts }, i) => artifacts.insert(made({ payload: `${i}` })))
      expect(answers.filter(Boolean)).to.have.length(1)
      expect((await store.find('AuthorizationCode', 'a'))?.payload).to.equal(`${answers.indexOf(true)}`)
    })

    it('takes the place of what has expired, used or not', async () => {
      await store.put(made({ payload: 'old', consumedAt: world.time }))
      world.time += 60
      expect(await store.insert(made({ payload: 'new' }))).to.equal(true)
      expect(await store.find('AuthorizationCode', 'a')).to.deep.equal(made({ payload: 'new' }))
    })
  })

  describe('expiry', () => {
    it('ends in the second of expiresAt, not before', async () => {
      await store.put(made())
      world.time += 59
      expect(await store.find('AuthorizationCode', 'a')).not.to.equal(undefined)
      world.time += 1
      expect(await store.find('AuthorizationCode', 'a')).to.equal(undefined)
    })

    it('never shows what was put already expired, and it ends what it replaces', async () => {
      await store.put(made())
      await store.put(made({ expiresAt: world.time, grant: 'g' }))
      expect(await store.find('AuthorizationCode', 'a')).to.equal(undefined)
      expect(await store.removeBound({ grant: 'g' })).to.equal(0)
    })
  })

  describe('consume', () => {
    it('succeeds once and says when', async () => {
      await store.put(made())
      world.time += 3
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(true)
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(false)
      expect((await store.find('AuthorizationCode', 'a'))?.consumedAt).to.equal(world.time)
    })

    it('lets exactly one of a thousand through', async () => {
      await store.put(made())
      const answers = await world.race(1000, ({ artifacts }) => artifacts.consume('AuthorizationCode', 'a'))
      expect(answers.filter(Boolean)).to.have.length(1)
    })

    it('lets exactly one of a thousand through while others replace the row', async () => {
      await store.put(made())
      const answers = await world.race(1000, async ({ artifacts }, i) => {
        if (i % 2 === 0) return artifacts.consume('AuthorizationCode', 'a')
        await artifacts.put(made({ payload: `${i}` }))
        return false
      })
      expect(answers.filter(Boolean)).to.have.length(1)
    })

    it('fails for what was never there, and does not make it', async () => {
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(false)
      expect(await store.insert(made())).to.equal(true)
    })

    it('fails for what has expired, and does not bring it back', async () => {
      await store.put(made())
      world.time += 60
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(false)
      expect(await store.find('AuthorizationCode', 'a')).to.equal(undefined)
    })

    it('fails for what was removed', async () => {
      await store.put(made())
      await store.remove('AuthorizationCode', 'a')
      expect(await store.consume('AuthorizationCode', 'a')).to.equal(false)
    })
  })

  describe('removal', () => {
    const bonds: ArtifactBond[] = [{ grant: 'x' }, { account: 'x' }, { client: 'x' }]
    it('is told before which grants it would end, each once', async () => {
      const shared = { account: 'ada', client: 'web' }
      await store.put(made({ id: 'a', ...shared, grant: 'g' }))
      await store.put(made({ id: 'b', ...shared, grant: 'g' }))
      await store.put(made({ id: 'c', account: 'ada', client: 'spa', grant: 'h' }))
      await store.put(made({ id: 'd', ...shared }))
      expect((await store.grantsOf({ account: 'ada' })).toSorted()).to.deep.equal(['g', 'h'])
      expect(await store.grantsOf({ client: 'web' })).to.deep.equal(['g'])
      expect(await store.grantsOf({ client: 'none' })).to.deep.equal([])
    })
    for (const bond of bonds) {
      it(`ends everything of one ${Object.keys(bond)[0]}, of every model, and nothing else`, async () => {
        await store.put(made({ ...bond }))
        await store.put(made({ model: 'RefreshToken', uid: 'u', ...bond }))
        await store.put(made({ id: 'b', grant: 'other', account: 'other', client: 'other' }))
        await store.put(made({ id: 'c' }))
        expect(await store.removeBound(bond)).to.equal(2)
        expect(await store.find('AuthorizationCode', 'a')).to.equal(undefined)
        expect(await store.find('RefreshToken', 'a')).to.equal(undefined)
        expect(await store.findByUid('RefreshToken', 'u')).to.equal(undefined)
        expect(await store.find('AuthorizationCode', 'b')).not.to.equal(undefined)
        expect(await store.find('AuthorizationCode', 'c')).not.to.equal(undefined)
        expect(await store.removeBound(bond)).to.equal(0)
      })
    }

    it('ends more than a thousand at once, and counts the living only', async () => {
      await world.race(1100, ({ artifacts }, i) => artifacts.put(made({ id: `${i}`, grant: 'g' })))
      await store.put(made({ id: 'short', grant: 'g', expiresAt: world.time + 1 }))
      world.time += 1
      expect(await store.removeBound({ grant: 'g' })).to.equal(1100)
    })

    it('finds a long-lived member after a short-lived one came and went', async () => {
      await store.put(made({ grant: 'g', expiresAt: world.time + 1000 }))
      await store.put(made({ id: 'b', grant: 'g', expiresAt: world.time + 1 }))
      world.time += 10
      await store.put(made({ id: 'c', grant: 'g', expiresAt: world.time + 1 }))
      world.time += 10
      expect(await store.removeBound({ grant: 'g' })).to.equal(1)
    })

    it('does not mind what is not there', async () => {
      await store.remove('AuthorizationCode', 'a')
    })
  })
}
