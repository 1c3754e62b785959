import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Provider } from 'oidc-provider'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { artifactAdapter } from '../../../src/oauth/records/adapter.ts'
import { refuseReplays } from '../../../src/oauth/records/replays.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { withRefusalsSaid } from '../../../src/oauth/records/unavailable.ts'
import { openStore } from '../../../src/store/open.ts'
import type { ArtifactStore, Store } from '../../../src/store/store.ts'
import { now } from '../../support/time.ts'

describe('what is taken once', () => {
  let store: Store
  before(async () => {
    store = await openStore({ dataFolder: ':memory:', now })
  })
  after(() => store.close())

  function uniqueOver(volatile: ArtifactStore) {
    const rows = createRows(createSecrets([randomBytes(32).toString('hex')]), now)
    const adapter = (model: string) =>
      withRefusalsSaid(artifactAdapter(model, { store: volatile, rows, endGrant: async () => {} }))
    const provider = new Provider('http://localhost:4000', { adapter })
    refuseReplays(provider)
    return (jti: string, exp = now() + 60, issuer = 'client') => provider.ReplayDetection.unique(issuer, jti, exp)
  }
  const thousand = <Answer>(call: () => Promise<Answer>) => Promise.all(Array.from({ length: 1_000 }, call))

  it('T16: is new to one of a thousand, and to no latecomer; the others are told no, not an error', async () => {
    const unique = uniqueOver(store.volatile)
    const answers = await thousand(() => unique('a'))
    expect(answers.filter(Boolean)).to.have.length(1)
    expect(await unique('a')).to.equal(false)
    expect(await unique('b')).to.equal(true)
  })

  it('is its own client’s, however the names of two and what they name run together', async () => {
    const unique = uniqueOver(store.volatile)
    expect(await unique('dx', now() + 60, 'abc')).to.equal(true)
    expect(await unique('x', now() + 60, 'abcd')).to.equal(true)
    expect(await unique('x', now() + 60, 'abcd')).to.equal(false)
  })

  it('may end within a second', async () => {
    const unique = uniqueOver(store.volatile)
    expect(await unique('c', now() + 60.25)).to.equal(true)
    expect(await unique('c', now() + 60.25)).to.equal(false)
  })

  it('says what else goes wrong', async () => {
    const failing = { ...store.volatile, insert: () => Promise.reject(new TypeError('x')) }
    const failure = await uniqueOver(failing)('d').catch((cause: unknown) => cause)
    expect(failure).to.be.instanceOf(TypeError)
  })

  it('the control: a store that looks and then puts lets more than one through', async () => {
    const naive: ArtifactStore = {
      ...store.volatile,
      async insert(artifact) {
        if (await store.volatile.find(artifact.model, artifact.id)) return false
        await new Promise(setImmediate)
        await store.volatile.put(artifact)
        return true
      },
    }
    const unique = uniqueOver(naive)
    expect((await thousand(() => unique('e'))).filter(Boolean)).to.have.length.greaterThan(1)
  })
})
