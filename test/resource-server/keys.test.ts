import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import type { ResourceServerEvent } from '../../src/resource-server/index.ts'
import {
  bearer,
  createApi,
  eventually,
  expectAccepted,
  expectRefused,
  json,
  jwkOf,
  jwksOf,
  keys,
  loopback,
  mint,
  NOW,
  refusalOf,
  signingKey,
  startIssuer,
  type TestIssuer,
} from './support.ts'

const next = signingKey('ES256', 'next')
const unpublished = signingKey('ES256', 'unpublished')

describe('kit: the keys of the issuer', () => {
  let issuer: TestIssuer
  let now = NOW
  const clock = { now: () => now }
  const laterBy = (seconds: number) => {
    now += seconds
  }

  beforeEach(async () => {
    now = NOW
    issuer = await startIssuer(keys.ES256)
  })
  afterEach(() => issuer.close())

  describe('how they are found', () => {
    it('by RFC 8414, when they are first needed', async () => {
      const api = issuer.api()
      expect(issuer.seen).to.deep.equal([])
      await expectAccepted(api, issuer.mint())
      expect(issuer.seen).to.deep.equal(['/.well-known/oauth-authorization-server', '/jwks'])
    })
    it('by OpenID discovery where there is no RFC 8414', async () => {
      const openid = await loopback((request, response) => {
        if (request.url === '/tenant/.well-known/openid-configuration')
          return json(response, { issuer: id, jwks_uri: `${openid.url}/jwks` })
        if (request.url === '/jwks') return json(response, jwksOf(keys.ES256))
        return response.writeHead(404).end()
      })
      const id = `${openid.url}/tenant`
      const api = issuer.api({ issuer: id })
      await expectAccepted(api, mint({ iss: id }))
      expect(openid.seen).to.deep.equal([
        '/.well-known/oauth-authorization-server/tenant',
        '/tenant/.well-known/openid-configuration',
        '/jwks',
      ])
      await openid.close()
    })
    it('at once by ready()', async () => {
      await issuer.api().ready()
      expect(issuer.fetches()).to.equal(1)
    })
    it('at a given place, without discovery', async () => {
      await expectAccepted(issuer.api({ jwks: `${issuer.url}/jwks` }), issuer.mint())
      expect(issuer.seen).to.deep.equal(['/jwks'])
    })
    it('in a given set, without any request', async () => {
      await expectAccepted(issuer.api({ jwks: jwksOf(keys.ES256) }), issuer.mint())
      expect(issuer.seen).to.deep.equal([])
    })
    for (const named of ['https://evil.example', '', undefined, 'slash', ['same']]) {
      it(`not by metadata that names the issuer ${JSON.stringify(named)}`, async () => {
        const liar = await loopback((_, response) =>
          json(response, {
            issuer: named === 'slash' ? `${liar.url}/` : named,
            jwks_uri: `${issuer.url}/jwks`,
            keys: jwksOf(keys.ES256).keys,
          }),
        )
        const api = issuer.api({ issuer: liar.url })
        await expectRefused(api, mint({ iss: liar.url }), 'keys_unavailable', 503)
        expect(issuer.seen).to.deep.equal([])
        await liar.close()
      })
    }
    for (const uri of ['http://keys.example/jwks', 'ftp://x/', 'javascript:1', '/jwks', '', undefined, 7]) {
      it(`K08 not at jwks_uri ${JSON.stringify(uri)}`, async () => {
        const asked: string[] = []
        const fetch = async (url: string) => {
          asked.push(url)
          return Response.json({ issuer: 'https://id.example.com', jwks_uri: uri })
        }
        await expectRefused(createApi({ jwks: undefined, fetch }), mint(), 'keys_unavailable', 503)
        expect(asked.every((url) => url.includes('/.well-known/'))).to.equal(true)
      })
    }
    it('K08 at a jwks_uri that is https', async () => {
      const jwks_uri = 'https://keys.example/jwks'
      const fetch = async (url: string) =>
        Response.json(url === jwks_uri ? jwksOf(keys.ES256) : { issuer: 'https://id.example.com', jwks_uri })
      await expectAccepted(createApi({ jwks: undefined, fetch }), mint())
    })
    it('K08 not on loopback for an issuer out in the world', async () => {
      const fetch = async (url: string) =>
        Response.json(
          url.endsWith('/jwks') ? jwksOf(keys.ES256) : { issuer: 'https://id.example.com', jwks_uri: `${issuer.url}/jwks` },
        )
      await expectRefused(createApi({ jwks: undefined, fetch }), mint(), 'keys_unavailable', 503)
    })
    for (const place of ['jwks', 'metadata'] as const) {
      it(`K08 not behind a redirect of the ${place}`, async () => {
        const elsewhere = await loopback((_, response) =>
          json(response, { ...jwksOf(keys.ES256), issuer: issuer.url, jwks_uri: `${elsewhere.url}/jwks` }),
        )
        const redirect = (_: unknown, response: Parameters<TestIssuer['handler']>[1]) =>
          response.writeHead(302, { location: `${elsewhere.url}/x` }).end()
        if (place === 'jwks') issuer.jwks = redirect
        else issuer.handler = redirect
        await expectRefused(issuer.api(), issuer.mint(), 'keys_unavailable', 503)
        expect(elsewhere.seen).to.deep.equal([])
        await elsewhere.close()
      })
    }
    it('R05 nowhere else, whatever the token says', async () => {
      const attacker = await loopback((_, response) => json(response, jwksOf(signingKey('ES256'))))
      const asked: string[] = []
      const api = issuer.api({
        fetch: (url, init) => {
          asked.push(url)
          return fetch(url, init)
        },
      })
      const away = { jku: `${attacker.url}/jwks`, x5u: `${attacker.url}/x5u`, kid: 'attacker' }
      await expectRefused(api, issuer.mint({}, away, unpublished), 'unknown_key')
      await expectRefused(api, mint({ iss: attacker.url }, { ...away, kid: 'other' }, unpublished), 'unknown_key')
      await expectAccepted(api, issuer.mint({}, { jku: away.jku }))
      expect(attacker.seen).to.deep.equal([])
      expect(asked.every((url) => url.startsWith(issuer.url))).to.equal(true)
      await attacker.close()
    })
  })

  describe('K02 how often they are fetched', () => {
    it('K02 once for a hundred requests at the start', async () => {
      const api = issuer.api(clock)
      await Promise.all(Array.from({ length: 100 }, (_, i) => api.verify(issuer.mint({ jti: `${i}` }))))
      expect(issuer.fetches()).to.equal(1)
    })
    it('K02 not at all for a flood of unknown kids within the cool-down', async () => {
      const api = issuer.api(clock)
      await api.ready()
      await Promise.all(Array.from({ length: 200 }, (_, i) => refusalOf(api.verify(issuer.mint({}, { kid: `unknown-${i}` })))))
      expect(issuer.fetches()).to.equal(1)
    })
    it('K02 once per cool-down for a flood that goes on', async () => {
      const api = issuer.api(clock)
      await api.ready()
      for (let window = 0; window < 5; window++) {
        laterBy(30)
        await Promise.all(
          Array.from({ length: 50 }, (_, i) => refusalOf(api.verify(issuer.mint({}, { kid: `unknown-${window}-${i}` })))),
        )
        expect(issuer.fetches()).to.equal(2 + window)
        await expectAccepted(api, issuer.mint())
      }
    })
    it('K02 once in five minutes for one and the same unknown kid', async () => {
      const api = issuer.api({ ...clock, keys: { maxAge: 300, cooldown: 30 } })
      await api.ready()
      for (let i = 0; i < 8; i++) {
        laterBy(31)
        await expectRefused(api, issuer.mint({}, { kid: 'unknown' }), 'unknown_key')
      }
      expect(issuer.fetches()).to.equal(2)
    })
    it('K02 and remembers a thousand unknown kids, no more', async () => {
      const api = issuer.api({ ...clock, keys: { maxAge: 300, cooldown: 30 } })
      const ask = (kid: string) => refusalOf(api.verify(issuer.mint({}, { kid })))
      await api.ready()
      laterBy(30)
      await Promise.all(Array.from({ length: 1001 }, (_, i) => ask(`unknown-${i}`)))
      expect(issuer.fetches()).to.equal(2)
      laterBy(30)
      await ask('unknown-1000')
      expect(issuer.fetches()).to.equal(2)
      await ask('unknown-0')
      expect(issuer.fetches()).to.equal(3)
    })
    it('K02 once per cool-down while the issuer is away', async () => {
      issuer.jwks = (_, response) => response.writeHead(500).end()
      const api = issuer.api(clock)
      for (let i = 0; i < 20; i++) await expectRefused(api, issuer.mint({}, { kid: `unknown-${i}` }), 'keys_unavailable', 503)
      expect(issuer.fetches()).to.equal(1)
    })
    it('K02 no refused token is the reason for a fetch of fresh keys', async () => {
      const api = issuer.api(clock)
      await api.ready()
      laterBy(60)
      for (const token of [
        issuer.mint({}, { alg: 'none' }),
        issuer.mint({ exp: 1 }),
        `${issuer.mint()}AAAA`,
        issuer.mint({}, { typ: 'JWT', kid: 'unknown' }),
      ]) {
        await refusalOf(api.verify(token))
      }
      expect(issuer.fetches()).to.equal(1)
    })
    it('accepts a new key with one fetch, after the cool-down', async () => {
      const api = issuer.api(clock)
      await api.ready()
      issuer.published = [keys.ES256, next]
      await expectRefused(api, issuer.mint({}, {}, next), 'unknown_key')
      laterBy(30)
      await expectAccepted(api, issuer.mint({}, {}, next))
      expect(issuer.fetches()).to.equal(2)
    })
    it('K05 forgets a key that was withdrawn when its keys are no longer fresh, known tokens included', async () => {
      const api = issuer.api({ ...clock, keys: { maxAge: 300 } })
      const token = issuer.mint()
      await expectAccepted(api, token)
      issuer.published = [next]
      laterBy(299)
      await expectAccepted(api, token)
      laterBy(1)
      await expectRefused(api, token, 'unknown_key')
      await expectAccepted(api, issuer.mint({}, {}, next))
    })
    it('forgets known tokens when their key is replaced under the same kid', async () => {
      const api = issuer.api(clock)
      const token = issuer.mint()
      await expectAccepted(api, token)
      issuer.published = [signingKey('ES256', 'ES256')]
      laterBy(300)
      await expectRefused(api, token, 'bad_signature')
    })
    it('fetches anew when the clock was set back', async () => {
      const api = issuer.api(clock)
      await api.ready()
      laterBy(-86_400)
      await refusalOf(api.verify(issuer.mint()))
      expect(issuer.fetches()).to.equal(2)
    })
  })

  describe('K03 what the issuer may answer', () => {
    const page = '<!doctype html><title>Maintenance</title>'
    const answers: [string, NonNullable<TestIssuer['jwks']>][] = [
      ['500', (_, response) => response.writeHead(500).end()],
      ['404', (_, response) => response.writeHead(404).end()],
      ['204', (_, response) => response.writeHead(204).end()],
      ['HTML', (_, response) => response.setHeader('content-type', 'text/html').end(page)],
      ['nothing', (_, response) => response.end()],
      ['a key set with status 503', (_, response) => response.writeHead(503).end(JSON.stringify(jwksOf(next)))],
      ['0 keys', (_, response) => json(response, { keys: [] })],
      ['no keys member', (_, response) => json(response, {})],
      ['keys that are no array', (_, response) => json(response, { keys: {} })],
      ['null', (_, response) => json(response, null)],
      ['keys that are no keys', (_, response) => json(response, { keys: [null, 1, 'x', {}] })],
      ['half of a key set', (_, response) => response.end(JSON.stringify(jwksOf(next)).slice(0, -20))],
      ['more than 256 KiB', (_, response) => response.end(JSON.stringify({ ...jwksOf(next), pad: 'x'.repeat(300_000) }))],
      ['more and more without an end', (_, response) => void setInterval(() => response.write('x'.repeat(100_000)), 1).unref()],
      ['a connection that breaks', (request) => request.socket.destroy()],
      ['nothing, ever', () => {}],
      ['a header and nothing after it', (_, response) => void response.writeHead(200).write('{')],
    ]
    for (const [name, answer] of answers) {
      it(`K03 keeps the cached keys for their time when the answer is ${name}, and recovers by itself`, async () => {
        const events: ResourceServerEvent[] = []
        const api = issuer.api({
          ...clock,
          keys: { maxAge: 300, staleIfError: 3600, cooldown: 30, timeout: 1 },
          on: (event) => events.push(event),
        })
        await api.ready()
        issuer.jwks = answer
        laterBy(301)
        await expectAccepted(api, issuer.mint({ iat: now, exp: now + 60 }))
        expect(events.some((event) => event.type === 'keys_failed')).to.equal(true)
        await expectRefused(api, issuer.mint({ iat: now, exp: now + 60 }, {}, next), 'keys_unavailable', 503)

        issuer.jwks = undefined
        issuer.published = [next]
        laterBy(31)
        await expectAccepted(api, issuer.mint({ iat: now, exp: now + 60 }, {}, next))
      })

      it(`K03 answers 503 when there were never any keys and the answer is ${name}`, async () => {
        issuer.jwks = answer
        const api = issuer.api({ ...clock, keys: { timeout: 1 } })
        const outcome = await api.check(bearer(issuer.mint()))
        expect(outcome).to.have.nested.property('refusal.status', 503)
        expect(outcome).to.have.nested.property('refusal.headers.Retry-After', '30')
        issuer.jwks = undefined
        laterBy(30)
        await expectAccepted(api, issuer.mint())
      })
    }
    it('K03 gives stale keys up after their time', async () => {
      const api = issuer.api({ ...clock, keys: { maxAge: 300, staleIfError: 3600 } })
      const token = issuer.mint({ iat: NOW, exp: NOW + 80_000 })
      await expectAccepted(api, token)
      issuer.jwks = (_, response) => response.writeHead(500).end()
      laterBy(3899)
      await expectAccepted(api, token)
      laterBy(1)
      await expectRefused(api, token, 'keys_unavailable', 503)
    })
    it('K03 nobody waits for an issuer that is known to be away', async () => {
      let failures = 0
      const count = (event: ResourceServerEvent) => {
        if (event.type === 'keys_failed') failures++
      }
      const api = issuer.api({ ...clock, keys: { timeout: 1 }, on: count })
      await api.ready()
      issuer.jwks = (_, response) => response.writeHead(500).end()
      laterBy(301)
      await expectAccepted(api, issuer.mint())
      expect(failures).to.equal(1)
      // From here on it never answers: whoever waited would see the second attempt fail.
      issuer.jwks = () => {}
      laterBy(31)
      await Promise.all(Array.from({ length: 20 }, (_, i) => api.verify(issuer.mint({ jti: `${i}` }))))
      expect(failures).to.equal(1)
      await eventually(() => issuer.fetches() === 3)
      api.close()
    })
    it('K03 looks for the place of the keys anew after it failed', async () => {
      const api = issuer.api(clock)
      await api.ready()
      issuer.jwks = (_, response) => response.writeHead(404).end()
      laterBy(301)
      await expectAccepted(api, issuer.mint())
      issuer.jwks = undefined
      laterBy(31)
      await api.verify(issuer.mint())
      await eventually(() => issuer.seen.filter((path) => path.startsWith('/.well-known')).length === 2)
    })
    it('K03 fetches nothing after close', async () => {
      const api = issuer.api(clock)
      api.close()
      await expectRefused(api, issuer.mint(), 'keys_unavailable', 503)
      expect(issuer.seen).to.deep.equal([])
    })
  })

  describe('which keys are used', () => {
    const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const good = jwkOf(keys.RS256)
    const { alg: _, ...withoutAlg } = jwkOf(keys.ES256)
    const es256 = jwkOf(keys.ES256)

    const left: [string, object, string][] = [
      [
        'K01 whose private part is published',
        { ...es256, d: keys.ES256.privateKey.export({ format: 'jwk' }).d },
        'its private part is published',
      ],
      [
        'K01 whose private part is published, of an AKP',
        { ...generateKeyPairSync('ml-dsa-44').privateKey.export({ format: 'jwk' }), kid: 'ES256' },
        'its private part is published',
      ],
      [
        'of an AKP without alg',
        { ...generateKeyPairSync('ml-dsa-44').publicKey.export({ format: 'jwk' }), kid: 'ES256', alg: undefined },
        'no supported algorithm for kty AKP, crv undefined, alg undefined',
      ],
      ['K01 that is a shared secret', { kty: 'oct', k: 'AAAA', kid: 'ES256', alg: 'HS256' }, 'a shared secret'],
      ['K06 without kid', { ...es256, kid: undefined }, 'no kid'],
      ['with an empty kid', { ...es256, kid: '' }, 'no kid'],
      [
        'K06 of RSA without alg, which could be two',
        { ...jwkOf(keys.RS256), kid: 'ES256', alg: undefined },
        'no supported algorithm',
      ],
      ['whose alg and curve disagree', { ...es256, alg: 'EdDSA' }, 'no supported algorithm'],
      ['whose alg and type disagree', { ...es256, alg: 'RS256' }, 'no supported algorithm'],
      ['whose alg is a shared-secret one', { ...es256, alg: 'HS256' }, 'no supported algorithm'],
      ['of another curve', { ...p384.publicKey.export({ format: 'jwk' }), kid: 'ES256' }, 'no supported algorithm'],
      ['to encrypt with', { ...es256, use: 'enc' }, 'use enc'],
      ['whose operations lack verify', { ...es256, key_ops: ['encrypt'] }, 'key_ops without verify'],
      ['whose operations are no list', { ...es256, key_ops: 'verify' }, 'key_ops without verify'],
      [
        'of RSA with 1024 bits',
        { ...rsa1024.publicKey.export({ format: 'jwk' }), kid: 'ES256', alg: 'RS256' },
        'RSA below 2048 bits',
      ],
      ['that is not on its curve', { ...es256, x: es256.y }, 'not importable'],
    ]
    for (const [name, jwk, why] of left) {
      it(`not one ${name}`, async () => {
        issuer.jwks = (_, response) => json(response, { keys: [jwk, good] })
        const events: ResourceServerEvent[] = []
        const api = issuer.api({ on: (event) => events.push(event) })
        await expectRefused(api, issuer.mint(), 'unknown_key')
        await expectAccepted(api, issuer.mint({}, {}, keys.RS256))
        const changed = events.find((event) => event.type === 'keys_changed')
        expect(changed?.kids).to.deep.equal(['RS256'])
        expect(changed?.ignored[0]?.why).to.include(why)
      })
    }
    it('K06 none of two that share a kid', async () => {
      for (const twin of [es256, jwkOf(signingKey('ES256')), { ...jwkOf(keys.EdDSA), kid: 'ES256' }]) {
        issuer.jwks = (_, response) => json(response, { keys: [es256, good, twin] })
        const api = issuer.api()
        await expectRefused(api, issuer.mint(), 'unknown_key')
        await expectAccepted(api, issuer.mint({}, {}, keys.RS256))
      }
    })
    it('one whose curve says its algorithm', async () => {
      issuer.jwks = (_, response) => json(response, { keys: [withoutAlg] })
      await expectAccepted(issuer.api(), issuer.mint())
    })
    it('one that is only to verify with', async () => {
      issuer.jwks = (_, response) => json(response, { keys: [{ ...es256, use: undefined, key_ops: ['verify'] }] })
      await expectAccepted(issuer.api(), issuer.mint())
    })
    it('a given set without a usable key is a mistake of the caller', () => {
      for (const jwks of [{ keys: [] }, { keys: [{ kty: 'oct' }] }, {}, null]) {
        expect(() => createApi({ jwks: jwks as never }), JSON.stringify(jwks)).to.throw(TypeError)
      }
    })
  })
})
