import { expect } from 'chai'
import { createResourceServer, defineResource, type ResourceServerOptions } from '../../src/resource-server/index.ts'
import { API, createApi, ISSUER, keys, mint, notes, type Scope } from './support.ts'

describe('kit: what it is configured with', () => {
  const bad: [string, object][] = [
    ['no issuer', { issuer: undefined }],
    ['an issuer that is no URL', { issuer: 'id.example.com' }],
    ['an issuer with a fragment', { issuer: `${ISSUER}#` }],
    ['an issuer with a query', { issuer: `${ISSUER}?x=1` }],
    ['an issuer with a password', { issuer: 'https://a:b@id.example.com' }],
    ['an http issuer', { issuer: 'http://id.example.com' }],
    ['an http issuer that looks like loopback', { issuer: 'http://localhost.example.com' }],
    ['an http issuer whose number looks like loopback', { issuer: 'http://127.0.0.1.example.com' }],
    ['an ftp issuer', { issuer: 'ftp://id.example.com' }],
    ['no resource', { resource: undefined }],
    ['a resource that is only a name', { resource: API }],
    ['a resource that is only an object', { resource: { id: API } }],
    ['an http key set', { jwks: 'http://id.example.com/jwks' }],
    ['the algorithm none', { algorithms: ['none'] }],
    ['a shared-secret algorithm', { algorithms: ['ES256', 'HS256'] }],
    ['no algorithm', { algorithms: [] }],
    ['a tolerance above 300 s', { clockTolerance: 301 }],
    ['a negative tolerance', { clockTolerance: -1 }],
    ['a tolerance that is text', { clockTolerance: '5 s' }],
    ['a lifetime without end', { maxTokenAge: Number.POSITIVE_INFINITY }],
    ['a cache without end', { cache: { maxEntries: Number.POSITIVE_INFINITY } }],
    ['a cool-down that is no number', { keys: { cooldown: Number.NaN } }],
    ['revocations by a word', { revocations: 'follow' }],
    ['a kind of credentials that is not in a list', { accept: 'api_key' }],
    ['no kind of credentials', { accept: [] }],
    ['a proof of possession without a mode', { dpop: true }],
  ]
  const misspelt: [string, object][] = [
    ['revocation', { revocation: {} }],
    ['whenstale', { revocations: { whenstale: {} } }],
    ['api_keys', { revocations: { whenStale: { api_keys: 'accept' } } }],
    ['maxage', { keys: { maxage: 1 } }],
    ['nonce', { dpop: { mode: 'require', nonce: true } }],
    ['size', { cache: { size: 0 } }],
  ]
  for (const [name, options] of bad) {
    it(`refuses ${name}`, () => {
      expect(() => createApi(options as Partial<ResourceServerOptions<Scope>>)).to.throw(TypeError)
    })
  }

  for (const [word, options] of misspelt) {
    it(`refuses the word ${word}, and names those that there are`, () => {
      expect(() => createApi(options as Partial<ResourceServerOptions<Scope>>)).to.throw(
        TypeError,
        new RegExp(`has no "${word}": \\w+`),
      )
    })
  }
  it('names the scopes that there are where one is misspelt', () => {
    expect(() => createApi().need('notes:raed' as Scope)).to.throw(TypeError, 'notes:read')
  })

  for (const issuer of [
    'http://localhost:4000',
    'http://127.0.0.1:4000',
    'http://[::1]:4000',
    'https://id.example.com/tenant/',
  ]) {
    it(`accepts the issuer ${issuer}`, () => expect(() => createApi({ issuer })).not.to.throw())
  }
  it('accepts another http issuer only by a loud option', () => {
    expect(() => createApi({ issuer: 'http://id.internal', dangerouslyAllowHttp: true })).not.to.throw()
  })
  it('an issuer written with a trailing slash is compared as it is written', async () => {
    const slashed = createApi({ issuer: `${ISSUER}/` })
    expect(await slashed.verify(mint({ iss: `${ISSUER}/` }))).to.have.property('subject', 'ada')
    expect(await slashed.verify(mint()).catch((error) => error)).to.have.property('reason', 'wrong_issuer')
  })
  it('works with the clock and the fetch of the runtime unless told otherwise', async () => {
    const api = createResourceServer({
      issuer: ISSUER,
      resource: notes,
      jwks: { keys: [{ ...keys.ES256.publicKey.export({ format: 'jwk' }), kid: 'ES256' } as never] },
    })
    const now = Math.floor(Date.now() / 1000)
    expect(await api.verify(mint({ iat: now, exp: now + 60 }))).to.have.property('subject', 'ada')
  })

  describe('a resource', () => {
    for (const id of [
      '',
      'notes',
      '/notes',
      'api.example.com',
      'http://api.example.com',
      `${API}/#x`,
      'urn:example:notes',
      7,
      undefined,
    ]) {
      it(`is not called ${JSON.stringify(id)}`, () => {
        expect(() => defineResource({ id: id as string, scopes: {} })).to.throw(TypeError)
      })
    }
    for (const scope of ['', 'notes read', 'notes"', 'notes\\', 'nötes', 'notes\n']) {
      it(`has no scope ${JSON.stringify(scope)}`, () => {
        expect(() => defineResource({ id: API, scopes: { [scope]: 'x' } })).to.throw(TypeError)
      })
    }
    for (const scopes of [undefined, null, 'notes:read', ['notes:read']]) {
      it(`has scopes by name, and not ${JSON.stringify(scopes)}`, () => {
        expect(() => defineResource({ id: API, scopes: scopes as never })).to.throw(TypeError, 'scopes must be an object')
      })
    }
    it('implies no scope that it does not declare', () => {
      // @ts-expect-error: there is no such scope
      expect(() => defineResource({ id: API, scopes: { a: { description: 'a', implies: ['b'] } } })).to.throw(TypeError)
    })
    it('grants what follows from what was granted, in circles too', () => {
      const { granted } = defineResource({
        id: API,
        scopes: {
          a: { description: 'a', implies: ['b'] },
          b: { description: 'b', implies: ['c'] },
          c: { description: 'c', implies: ['a'] },
          d: 'd',
        },
      })
      expect([...granted('b')]).to.have.members(['a', 'b', 'c'])
      expect([...granted('d')]).to.deep.equal(['d'])
    })
    for (const [id, url] of [
      [API, `${API}/.well-known/oauth-protected-resource`],
      [`${API}/`, `${API}/.well-known/oauth-protected-resource`],
      [`${API}/notes`, `${API}/.well-known/oauth-protected-resource/notes`],
      [`${API}/notes/?v=1`, `${API}/.well-known/oauth-protected-resource/notes?v=1`],
      ['http://localhost:4001', 'http://localhost:4001/.well-known/oauth-protected-resource'],
    ] as const) {
      it(`${id} publishes its metadata at ${url}`, () => {
        const api = createResourceServer({ issuer: ISSUER, resource: defineResource({ id, scopes: {} }) })
        expect(api.metadataUrl.href).to.equal(url)
        expect(api.metadata().resource).to.equal(id)
      })
    }
  })
})
