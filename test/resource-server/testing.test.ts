import { expect } from 'chai'
import { createResourceServer } from '../../src/resource-server/index.ts'
import { createTestIssuer, type Mutant } from '../../src/resource-server/testing.ts'
import { notes, refusalOf } from './support.ts'

describe('kit: an issuer for tests', () => {
  it('makes tokens that are good, without a network', async () => {
    const issuer = createTestIssuer({ resource: notes })
    const api = createResourceServer({ ...issuer.options, resource: notes })
    expect(await api.verify(issuer.token({ sub: 'ada' }), ['notes:read', 'notes:write'])).to.include({
      subject: 'ada',
      isUser: true,
    })
    expect(await api.verify(issuer.token({ scope: '' })).then((auth) => auth.scopes.size)).to.equal(0)
  })
  it('makes bad ones of each kind, each refused for a reason of its own kind', async () => {
    const issuer = createTestIssuer({ resource: notes })
    const api = createResourceServer({ ...issuer.options, resource: notes })
    const reasons: Record<string, string> = {}
    for (const [kind, make] of Object.entries(issuer.bad)) {
      reasons[kind] = await api.verify(make()).then(
        () => 'accepted',
        (error) => error.reason,
      )
    }
    expect(Object.values(reasons)).to.not.include('accepted')
    expect(reasons).to.include({
      expired: 'expired',
      wrongAudience: 'wrong_audience',
      wrongIssuer: 'wrong_issuer',
      idToken: 'not_an_access_token',
      algNone: 'unsupported_algorithm',
      hs256WithPublicKey: 'unsupported_algorithm',
      foreignKey: 'bad_signature',
      unknownKey: 'unknown_key',
      otherClaims: 'bad_signature',
      signatureInDer: 'bad_signature',
      livesTooLong: 'lifetime_too_long',
      padded: 'malformed_token',
      keyThatExpired: 'keys_not_taken',
    })
  })
  it('makes bad API keys of each kind, each refused for a reason of its own kind where keys are accepted', async () => {
    const issuer = createTestIssuer({ resource: notes })
    const api = createResourceServer({ ...issuer.options, resource: notes, accept: ['access_token', 'api_key'] })
    await api.verify(issuer.apiKey())
    const reasons: Record<string, string> = {}
    for (const [kind, make] of Object.entries(issuer.bad)) reasons[kind] = (await refusalOf(api.verify(make()))).reason
    api.close()
    expect(reasons).to.include({
      keyWithoutPrefix: 'not_an_access_token',
      keyWithOtherPrefix: 'malformed_token',
      keyWithoutChecksum: 'mistyped_key',
      keyMistyped: 'mistyped_key',
      keyThatExpired: 'expired',
      keyThatLivesTooLong: 'lifetime_too_long',
      keyForOtherAudience: 'wrong_audience',
      keyFromOtherIssuer: 'wrong_issuer',
      keySignedAsToken: 'misused_key',
      keySignedByStranger: 'bad_signature',
      tokenAsKey: 'not_an_access_token',
      tokenAsKeySignedAsKey: 'not_an_access_token',
      tokenSignedAsKey: 'misused_key',
    })
  })
  it('rotates, and what was signed before stays good; revokes its keys, and it does not', async () => {
    const issuer = createTestIssuer({ resource: notes })
    const api = createResourceServer({ ...issuer.options, resource: notes })
    const before = issuer.token()
    issuer.rotate()
    await api.verify(before)
    await api.verify(issuer.token())
    issuer.revokeKeys()
    expect(await api.verify(before).catch((error) => error.reason)).to.equal('unknown_key')
    await api.verify(issuer.token())
  })
})

describe('kit: where an issuer for tests is found', () => {
  it('its keys are where the server has them, and both documents of metadata say so', async () => {
    const { issuer, options } = createTestIssuer({ resource: notes })
    const read = async (path: string) => {
      const answer = await options.fetch(`${issuer}/.well-known/${path}`, { signal: new AbortController().signal })
      return JSON.parse(await answer.text())
    }
    expect((await read('jwks.json')).keys).to.have.length(2)
    const metadata = { issuer, jwks_uri: `${issuer}/.well-known/jwks.json`, revocations_uri: `${issuer}/revocations` }
    for (const path of ['oauth-authorization-server', 'openid-configuration']) expect(await read(path)).to.deep.equal(metadata)
  })
  it('says at the start why its keys cannot be had', async () => {
    const { options, away } = createTestIssuer({ resource: notes })
    away()
    const error = await createResourceServer({ ...options, resource: notes })
      .ready()
      .catch((cause) => cause)
    expect(error).to.have.property('reason', 'keys_unavailable')
    expect(String(error.cause)).to.contain('the test issuer is away')
  })
})

describe('kit: tokens that are nearly good', () => {
  const issuer = createTestIssuer({ resource: notes })
  const take = (count: number, seed?: number): Mutant[] => issuer.mutations(seed).take(count).toArray()

  it('five thousand of them are refused, and those that were not changed are accepted', async () => {
    const api = createResourceServer({ ...issuer.options, keys: {}, resource: notes })
    let accepted = 0
    for (const { token, how, isGood } of issuer.mutations().take(5000)) {
      const outcome = await api.verify(token).then(
        () => 'accepted',
        (error) => (error.status === 401 ? 'refused' : error),
      )
      expect(outcome, `${how}: ${token}`).to.equal(isGood ? 'accepted' : 'refused')
      if (isGood) accepted++
    }
    expect(accepted).to.be.at.least(5)
  })
  it('of API keys too, where they are accepted', async () => {
    const accept = ['access_token', 'api_key'] as const
    const api = createResourceServer({ ...issuer.options, keys: {}, resource: notes, accept, revocations: false })
    const kinds = new Set<string>()
    for (const { token, how, isGood } of issuer.mutations(1, {}, accept).take(4000)) {
      const outcome = await api.verify(token).then(
        ({ kind }) => kind,
        (error) => (error.status === 401 ? 'refused' : error),
      )
      expect(outcome, `${how}: ${token}`).to.be.oneOf(isGood ? accept : ['refused'])
      if (isGood) kinds.add(outcome)
    }
    expect([...kinds].toSorted()).to.deep.equal(accept)
  })
  it('the same number has the same ones', () => {
    const hows = (seed: number) => take(50, seed).map(({ how }) => how)
    expect(hows(7)).to.deep.equal(hows(7))
    expect(hows(7)).to.not.deep.equal(hows(8))
  })
  it('a verifier that believes what it reads is caught', () => {
    const naive = (token: string) =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).iss === issuer.issuer
    const caught = take(1000).filter(({ token, isGood }) => {
      try {
        return !isGood && naive(token)
      } catch {
        return false
      }
    })
    expect(caught.length).to.be.above(300)
  })
})
