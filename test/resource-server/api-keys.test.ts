import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { isKey, keyAround, tokenWithin } from '../../src/resource-server/api-key.ts'
import { createResourceServer } from '../../src/resource-server/index.ts'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { pattern } from '../support/api-keys.ts'
import {
  bearer,
  createApi,
  expectAccepted,
  expectRefused,
  jwksOf,
  keyOfKeys,
  keys,
  mint,
  mintKey,
  NOW,
  notes,
  refusalOf,
  signingKey,
} from './support.ts'

const day = 86_400

describe('kit: how an API key is written', () => {
  it('the checksum is CRC-32 in base 62, six characters of it', () => {
    // Reckoned by binascii.crc32 of Python.
    expect(keyAround('eyJhbGciOiJFUzI1NiJ9.e30.AA')).to.equal('signet_eyJhbGciOiJFUzI1NiJ9.e30.AA_0he1UD')
    expect(keyAround('')).to.equal('signet__1maqip')
  })
  it('a token comes out as it went in, whatever stands in it', () => {
    for (const token of ['', 'a', '_', 'a_b_000000', mint()]) expect(tokenWithin(keyAround(token))).to.equal(token)
  })
  it('is told from any token by its first characters', () => {
    expect([isKey(mintKey()), isKey(mint()), isKey(''), isKey('signet')]).to.deep.equal([true, false, false, false])
  })
  it('is found by the pattern that is published for scanners, and no token is', () => {
    expect(mintKey()).to.match(pattern)
    expect(mint()).to.not.match(pattern)
  })
})

describe('kit: API keys beside access tokens', () => {
  const both = { accept: ['access_token', 'api_key'], revocations: false } as const
  const api = createApi(both)
  const key = mintKey({ exp: NOW + 366 * day - 60 })

  it('R10 refuses an API key unless it is told to accept them', () => expectRefused(createApi(), key, 'keys_not_taken'))
  it('accepts it then, and says what it is', async () => {
    await expectAccepted(api, key)
    expect(await api.verify(key)).to.include({ kind: 'api_key', subject: 'ada', clientId: 'signet:keys', isUser: true })
    expect(await api.verify(mintKey({ sub: 'job', client_id: 'job' }))).to.include({ kind: 'api_key', isUser: false })
    expect(await api.verify(mint())).to.have.property('kind', 'access_token')
  })
  it('refuses an access token where keys alone are accepted', async () => {
    const keysAlone = createApi({ ...both, accept: ['api_key'] })
    await expectAccepted(keysAlone, key)
    await expectRefused(keysAlone, mint(), 'not_an_access_token')
  })
  it('asks scopes of it as of a token, and has no sign-in to show', async () => {
    await expectRefused(api, key, 'insufficient_scope', 403, 'notes:write')
    await expectRefused(api, key, 'authentication_too_old', 401, { maxAge: 600 })
    await expectRefused(api, key, 'authentication_too_weak', 401, { acr: ['mfa'] })
  })
  it('lets a key live for a year and a leap day, and an access token no longer for it', async () => {
    await expectRefused(api, mint({ exp: NOW + 2 * day }), 'lifetime_too_long')
    await expectRefused(api, mintKey({ iat: NOW, exp: NOW + 366 * day + 1 }), 'lifetime_too_long')
    await expectRefused(api, mintKey({ iat: NOW, exp: NOW + 367 * day }), 'lifetime_too_long')
    await expectAccepted(api, mintKey({ iat: NOW, exp: NOW + 366 * day }))
  })
  it('is ES256, whatever the tokens of the API are signed with', async () => {
    const rsa = createApi({ ...both, algorithms: ['RS256'] })
    await expectAccepted(rsa, key)
    await expectAccepted(rsa, mint({}, {}, keys.RS256))
    await expectRefused(rsa, mint(), 'unsupported_algorithm')
    const signer = { ...signingKey('RS256', 'rsa-keys'), signs: ['api-key+jwt'] }
    const published = createApi({ ...both, jwks: jwksOf(keys.RS256, keyOfKeys, signer) })
    await expectRefused(published, mintKey({}, {}, signer), 'unsupported_algorithm')
    await expectAccepted(published, key)
  })

  const token = mint({}, {}, keyOfKeys)
  const bare = tokenWithin(key)
  for (const [what, credential, reason] of [
    ['a key without its prefix', bare, 'not_an_access_token'],
    ['a key without its checksum', `signet_${bare}`, 'mistyped_key'],
    ['a key with another checksum', key.replace(/.$/, (last) => (last === '0' ? '1' : '0')), 'mistyped_key'],
    ['a key whose last character was cut off', key.slice(0, -1), 'mistyped_key'],
    ['a key with a character in the wrong case', key.replace('eyJ', 'eyj'), 'mistyped_key'],
    ['a key of another product', key.replace('signet', 'ghp'), 'malformed_token'],
    ['a key that ended', mintKey({ iat: NOW - 90, exp: NOW - 60 }), 'expired'],
    ['a key for another API', mintKey({ aud: 'https://other.example' }), 'wrong_audience'],
    ['a key of another issuer', mintKey({ iss: 'https://other.example' }), 'wrong_issuer'],
    ['a key by the key that signs tokens', mintKey({}, {}, keys.ES256), 'misused_key'],
    ['an access token by the key that signs keys', token, 'misused_key'],
    ['an access token written as a key', keyAround(mint()), 'not_an_access_token'],
    ['an access token by the key that signs keys, written as a key', keyAround(token), 'not_an_access_token'],
    ['a key of a key', keyAround(key), 'malformed_token'],
    ['five parts written as a key', keyAround(`${bare}.AA.AA`), 'encrypted_token'],
    ['nothing written as a key', keyAround(''), 'malformed_token'],
    ['a key that is bound to another', mintKey({ cnf: { jkt: 'x' } }), 'sender_constrained'],
  ] as const) {
    it(`P08 refuses ${what}`, async () => {
      await expectRefused(api, credential, reason)
      await expectAccepted(api, key)
    })
  }
  it('does not take for known without its prefix what it knows with it', async () => {
    const fresh = createApi(both)
    await expectAccepted(fresh, key)
    await expectRefused(fresh, bare, 'not_an_access_token')
    await expectAccepted(fresh, key)
  })
  it('speaks of a key to who sent one', async () => {
    const saidTo = async (credential: string) => {
      const outcome = await api.check(bearer(credential))
      return outcome.ok ? 'accepted' : outcome.refusal.headers['WWW-Authenticate']
    }
    const said = (sentence: string) => expected(`error="invalid_token", error_description="${sentence}"`)
    const expected = (words: string) =>
      `Bearer ${words}, resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"`
    expect(await saidTo(mintKey({ iat: NOW - 90, exp: NOW - 60 }))).to.equal(said('The API key expired'))
    expect(await saidTo(key.slice(0, -1))).to.equal(said('The API key is mistyped or was cut off'))
    expect(await saidTo(mint({ exp: NOW - 60 }))).to.equal(said('The access token expired'))
  })
  it('takes of a key that is published for several types what they are, and of one that is published for none nothing', async () => {
    const several = { ...keyOfKeys, signs: ['api-key+jwt', 'at+jwt'] }
    await expectAccepted(createApi({ ...both, jwks: jwksOf(several) }), key)
    await expectAccepted(createApi({ ...both, jwks: jwksOf(several) }), token)
    const none = createApi({ ...both, jwks: jwksOf({ ...keyOfKeys, signs: [] }, keys.ES256) })
    await expectRefused(none, key, 'misused_key')
    await expectRefused(none, token, 'misused_key')
    await expectAccepted(none, mint())
  })
  it('does not read a key whose types make no list', async () => {
    for (const signs of ['api-key+jwt', null, {}, [7]]) {
      const odd = createApi({ ...both, jwks: jwksOf({ ...keyOfKeys, signs }, keys.ES256) })
      await expectRefused(odd, key, 'unknown_key')
      await expectAccepted(odd, mint())
    }
  })
  it('refuses to accept nothing, something else, or keys where every token has to be bound', () => {
    for (const accept of [[], ['id_token']]) expect(() => createApi({ accept: accept as never })).to.throw(TypeError)
    expect(() => createApi({ ...both, dpop: 'require' })).to.throw(TypeError)
    createApi({ ...both, dpop: 'accept' })
  })
  it('refuses what is no key before it fetches anything', async () => {
    let fetched = 0
    const jwks = 'https://id.example.com/jwks'
    const fetch = async () => {
      fetched++
      return Response.json(jwksOf(keyOfKeys))
    }
    const counted = createApi({ ...both, jwks, fetch })
    for (const bad of [key.slice(0, -1), `signet_${bare}`, keyAround('a.b.c'), keyAround(mint())])
      await refusalOf(counted.verify(bad))
    expect(fetched).to.equal(0)
    await expectAccepted(counted, key)
    expect(fetched).to.equal(1)
  })
})

describe('kit: API keys of an issuer for tests', () => {
  const issuer = createTestIssuer({ resource: notes })
  const api = createResourceServer({ ...issuer.options, resource: notes, accept: ['access_token', 'api_key'] })
  after(() => api.close())

  it('are good, rotate, and end with their keys', async () => {
    const key = issuer.apiKey({ sub: 'ada' })
    expect(await api.verify(key, 'notes:read')).to.include({ subject: 'ada', kind: 'api_key' })
    issuer.rotate()
    await api.verify(key)
    await api.verify(issuer.apiKey())
    issuer.revokeKeys()
    expect(await refusalOf(api.verify(key))).to.have.property('reason', 'unknown_key')
  })
  it('are revoked at once, as tokens are, and others are not', async () => {
    const [key, other, token] = [issuer.apiKey(), issuer.apiKey(), issuer.token()]
    for (const credential of [key, other, token]) await api.verify(credential)
    await issuer.revoke(key)
    expect(await refusalOf(api.verify(key))).to.have.property('reason', 'revoked')
    await api.verify(token)
    await issuer.revoke(token)
    expect(await refusalOf(api.verify(token))).to.have.property('reason', 'revoked')
    await api.verify(other)
  })
  it('have a list that is empty when a wait is over, so that whoever follows it never takes the issuer for away', async () => {
    const quiet = createTestIssuer({ resource: notes })
    const answer = await quiet.options.fetch(`${quiet.issuer}/revocations?after=test.0&wait=0`, {})
    expect(decodeJwt(await answer.text())).to.deep.include({ cursor: 'test.0', entries: [] })
  })
  it('revoking waits for nobody where nobody reads', async () => {
    const alone = createTestIssuer({ resource: notes })
    await alone.revoke(alone.token())
  })
})
