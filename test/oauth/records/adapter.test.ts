import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { type Adapter, errors } from 'oidc-provider'
import { Refusal } from '../../../src/base/errors.ts'
import { digest, keyedDigest } from '../../../src/crypto/derive.ts'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { artifactAdapter, lookUpOnly } from '../../../src/oauth/records/adapter.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { withRefusalsSaid } from '../../../src/oauth/records/unavailable.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Artifact, Store } from '../../../src/store/store.ts'

const now = () => 1_700_000_000
const exp = now() + 60
const payload = {
  jti: 'bearer',
  accountId: 'ada',
  clientId: 'app',
  grantId: 'grant',
  uid: 'uid',
  userCode: 'ABCD',
  exp,
  scope: 'openid',
}

describe('the adapter', () => {
  let store: Store
  let rows: Artifact[]
  const secrets = createSecrets([randomBytes(32).toString('hex')])
  beforeEach(async () => {
    rows = []
    const opened = await openStore({ dataFolder: ':memory:', now })
    const put = (artifact: Artifact) => {
      rows.push(artifact)
      return opened.artifacts.put(artifact)
    }
    store = { ...opened, artifacts: { ...opened.artifacts, put } }
  })
  afterEach(() => store.close())
  const adapter = (model: string): Adapter =>
    artifactAdapter(model, {
      store: store.artifacts,
      endGrant: async (grant) => void (await store.artifacts.removeBound({ grant })),
      rows: createRows(secrets, now),
    })
  const codeOf = (failure: unknown) => (failure as errors.OIDCProviderError).error

  it('keeps no bearer value, and no payload that can be read', async () => {
    await adapter('RefreshToken').upsert('bearer', payload, 60)
    expect(rows).to.have.length(1)
    const { payload: sealed, ...plain } = rows[0]!
    expect(plain).to.deep.equal({
      model: 'RefreshToken',
      id: digest('bearer'),
      expiresAt: exp,
      userCode: keyedDigest(secrets.keysFor('store/user-codes')[0], 'ABCD'),
      account: 'ada',
      client: 'app',
      grant: digest('grant'),
    })
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.to.match(/bearer|openid|ada/)
    expect(await adapter('RefreshToken').find('bearer')).to.deep.equal(payload)
    for (const other of ['Bearer', digest('bearer'), '', 'bearer ']) {
      expect(await adapter('RefreshToken').find(other), other).to.equal(undefined)
    }
    expect(await adapter('AuthorizationCode').find('bearer')).to.equal(undefined)
  })

  it('opens no payload that was moved to another row', async () => {
    await adapter('RefreshToken').upsert('bearer', payload, 60)
    await store.artifacts.put({ ...rows[0]!, id: digest('other') })
    await store.artifacts.put({ ...rows[0]!, model: 'Session' })
    for (const [model, value] of [
      ['RefreshToken', 'other'],
      ['Session', 'bearer'],
    ] as const) {
      const failure = await adapter(model)
        .find(value)
        .catch((cause: unknown) => cause)
      expect(failure).to.be.instanceOf(Refusal).with.property('code', 'unreadable')
    }
  })

  it('finds a device code by what a person types', async () => {
    await adapter('DeviceCode').upsert('device', payload, 60)
    expect(await adapter('DeviceCode').findByUserCode('ABCD')).to.deep.equal(payload)
    expect(await adapter('DeviceCode').findByUid('uid')).to.equal(undefined)
    expect(JSON.stringify(rows.map(({ userCode }) => userCode))).not.to.include('ABCD')
  })

  it('lives as long as it is told, or else as long as the payload says', async () => {
    await adapter('Session').upsert('a', payload, 1)
    await adapter('Session').upsert('b', payload)
    expect(rows.map(({ expiresAt }) => expiresAt)).to.deep.equal([now() + 1, exp])
  })

  for (const model of ['AuthorizationCode', 'DeviceCode']) {
    it(`T01: ends the grant when ${model} is used a second time`, async () => {
      await adapter('Grant').upsert('grant', { accountId: 'ada', exp }, 60)
      await adapter('RefreshToken').upsert('sibling', payload, 60)
      await adapter('RefreshToken').upsert('stranger', { ...payload, grantId: 'other' }, 60)
      await adapter(model).upsert('bearer', payload, 60)
      await adapter(model).consume('bearer')
      expect(await adapter(model).find('bearer')).to.deep.equal({ ...payload, consumed: now() })
      const failure = await adapter(model)
        .consume('bearer')
        .catch((cause: unknown) => cause)
      expect(codeOf(failure)).to.equal('invalid_grant')
      expect(await adapter('Grant').find('grant')).to.equal(undefined)
      expect(await adapter('RefreshToken').find('sibling')).to.equal(undefined)
      expect(await adapter('RefreshToken').find('stranger')).not.to.equal(undefined)
    })
  }

  it('T02: lets one of a hundred have a code', async () => {
    await adapter('AuthorizationCode').upsert('bearer', payload, 60)
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => adapter('AuthorizationCode').consume('bearer')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
  })

  it('tells whoever loses the race for a pushed request what the library tells a latecomer', async () => {
    const pushed = adapter('PushedAuthorizationRequest')
    await pushed.upsert('urn', { exp }, 60)
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => pushed.consume('urn')))
    const refused = outcomes
      .filter(({ status }) => status === 'rejected')
      .map((outcome) => codeOf((outcome as { reason: unknown }).reason))
    expect(refused).to.deep.equal(Array(99).fill('invalid_request_uri'))
  })

  it('refuses to use up what is not there', async () => {
    expect(
      codeOf(
        await adapter('AuthorizationCode')
          .consume('nothing')
          .catch((cause: unknown) => cause),
      ),
    ).to.equal('invalid_grant')
  })

  it('T16: takes an assertion once, of a hundred as well', async () => {
    const replay = adapter('ReplayDetection')
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => replay.upsert('jti', { exp }, 60)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    await replay.upsert('another', { exp }, 60)
  })

  it('removes one, or all of a grant', async () => {
    for (const value of ['a', 'b', 'c']) await adapter('RefreshToken').upsert(value, payload, 60)
    await adapter('RefreshToken').destroy('a')
    expect(await adapter('RefreshToken').find('a')).to.equal(undefined)
    expect(await adapter('RefreshToken').find('b')).not.to.equal(undefined)
    await adapter('RefreshToken').revokeByGrantId('grant')
    expect(await adapter('RefreshToken').find('c')).to.equal(undefined)
  })
})

describe('what is looked up and never kept', () => {
  const adapter = lookUpOnly(async (id) => (id === 'app' ? { client_id: 'app' } : undefined))
  it('is found by its id alone', async () => {
    expect(await adapter.find('app')).to.deep.equal({ client_id: 'app' })
    for (const found of [adapter.find('other'), adapter.findByUid('app'), adapter.findByUserCode('app')])
      expect(await found).to.equal(undefined)
  })
  it('is a mistake of ours to write', async () => {
    for (const write of [adapter.upsert('app', {}, 1), adapter.consume('app'), adapter.destroy('app')])
      expect(await Promise.resolve(write).catch((cause: unknown) => cause)).to.be.instanceOf(TypeError)
  })
})

describe('X08: a store that cannot answer', () => {
  const failing = (cause: unknown) => withRefusalsSaid(lookUpOnly(() => Promise.reject(cause)))
  const failureOf = (cause: unknown) =>
    Promise.resolve(failing(cause).find('x')).then(
      () => undefined,
      (failure: unknown) => failure,
    )

  it('is 503, with the time to come back in', async () => {
    const refusal = new Refusal('temporarily_unavailable', 'Not now.', { status: 503, retryAfterSeconds: 5 })
    expect(await failureOf(refusal)).to.include({ error: 'temporarily_unavailable', status: 503, retryAfterSeconds: 5 })
    expect(await failureOf(new Refusal('x', 'Not now.', { status: 503 }))).to.include({ retryAfterSeconds: 1 })
  })

  for (const other of [new Refusal('unreadable', 'x', { status: 500 }), new TypeError('x'), new errors.InvalidGrant('x')]) {
    it(`is not confused with ${other.name}`, async () => expect(await failureOf(other)).to.equal(other))
  }
})
