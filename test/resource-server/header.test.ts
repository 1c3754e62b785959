import { createHmac, type KeyObject } from 'node:crypto'
import { expect } from 'chai'
import type { Reason } from '../../src/resource-server/index.ts'
import {
  createApi,
  encode,
  expectAccepted,
  expectRefused,
  goodClaims,
  goodHeader,
  jwkOf,
  keys,
  loopback,
  mint,
  rawSignature,
  signingKey,
} from './support.ts'

const attacker = signingKey('ES256', 'ES256')

describe('kit: the header of a token', () => {
  const api = createApi()

  for (const key of Object.values(keys)) {
    it(`accepts ${key.algorithm}`, () => expectAccepted(api, mint({}, {}, key)))
  }

  for (const alg of ['none', 'None', 'NONE', 'nOnE', undefined, ['ES256'], ['none'], null, '', 'ES256 ', 'es256', {}, true]) {
    const name = JSON.stringify(alg) ?? 'missing'
    it(`R01 refuses alg ${name}, the signature kept`, () => expectRefused(api, mint({}, { alg }), 'unsupported_algorithm'))
    it(`R01 refuses alg ${name}, the signature empty`, () => {
      const token = mint({}, { alg })
      return expectRefused(api, token.slice(0, token.lastIndexOf('.') + 1), 'unsupported_algorithm')
    })
    it(`R01 refuses alg ${name}, the signature and its dot gone`, () => {
      const token = mint({}, { alg })
      return expectRefused(api, token.slice(0, token.lastIndexOf('.')), 'malformed_token')
    })
  }

  for (const alg of ['RS384', 'PS512', 'ES384', 'ES512', 'ES256K', 'Ed25519', 'Ed448', 'HS256', 'dir']) {
    it(`refuses alg ${alg}, which is not on the list`, () => expectRefused(api, mint({}, { alg }), 'unsupported_algorithm'))
  }

  it('refuses an algorithm that the API left out', async () => {
    const narrow = createApi({ algorithms: ['RS256'] })
    await expectAccepted(narrow, mint({}, {}, keys.RS256))
    await expectRefused(narrow, mint(), 'unsupported_algorithm')
  })

  it('refuses an algorithm that is not the one of the key', async () => {
    await expectRefused(api, mint({}, { kid: 'RS256' }, keys.PS256), 'unsupported_algorithm')
    await expectRefused(api, mint({}, { kid: 'PS256' }, keys.RS256), 'unsupported_algorithm')
    await expectRefused(api, mint({}, { alg: 'RS256' }), 'unsupported_algorithm')
  })

  describe('R02 a public key used as a shared secret', () => {
    for (const key of [keys.RS256, keys.ES256, keys.EdDSA]) {
      for (const [name, secret] of secretsFrom(key.publicKey)) {
        for (const bits of ['256', '384', '512']) {
          it(`R02 refuses HS${bits} by the ${name} of the ${key.algorithm} key`, () => {
            const signed = `${encode({ ...goodHeader(key), alg: `HS${bits}` })}.${encode(goodClaims())}`
            const mac = createHmac(`sha${bits}`, secret).update(signed).digest('base64url')
            return expectRefused(api, `${signed}.${mac}`, 'unsupported_algorithm')
          })
        }
        it(`R02 refuses an HMAC by the ${name} said to be ${key.algorithm}`, () => {
          const signed = `${encode(goodHeader(key))}.${encode(goodClaims())}`
          return expectRefused(
            api,
            `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`,
            'bad_signature',
          )
        })
      }
    }
    it('R02 accepts the same claims properly signed', () => expectAccepted(api, mint({}, {}, keys.RS256)))
  })

  it('R04 does not use a key that the token brings along', async () => {
    const jwk = jwkOf(attacker)
    await expectRefused(api, mint({}, { jwk }, attacker), 'bad_signature')
    await expectRefused(api, mint({}, { jwk, kid: 'other' }, attacker), 'unknown_key')
    await expectRefused(api, mint({}, { jwk, kid: undefined }, attacker), 'unknown_key')
    await expectAccepted(api, mint({}, { jwk }))
  })

  describe('R05 with an attacker who publishes keys', () => {
    for (const name of ['jku', 'x5u', 'jwks_uri', 'iss']) {
      it(`R05 asks nothing of the place that "${name}" names`, async () => {
        const place = await loopback((_, response) => response.end(JSON.stringify({ keys: [jwkOf(attacker)] })))
        const asked: string[] = []
        const fetch = async (url: string) => {
          asked.push(url)
          return Response.error()
        }
        const watched = createApi({ fetch })
        await expectRefused(watched, mint({}, { [name]: `${place.url}/jwks` }, attacker), 'bad_signature')
        await expectRefused(watched, mint({}, { [name]: `${place.url}/jwks`, kid: 'theirs' }, attacker), 'unknown_key')
        await expectAccepted(watched, mint({}, { [name]: `${place.url}/jwks` }))
        expect(place.seen).to.deep.equal([])
        expect(asked).to.deep.equal([])
        await place.close()
      })
    }
    it('R05 does not read certificates that the token brings along', () =>
      expectRefused(api, mint({}, { x5c: ['MIIB'], x5t: 'AAAA' }, attacker), 'bad_signature'))
  })

  const kids: [string, unknown, Reason][] = [
    ['a path', '../../../../dev/null', 'unknown_key'],
    ['a file URL', 'file:///etc/passwd', 'unknown_key'],
    ['SQL', "' OR '1'='1", 'unknown_key'],
    ['a NUL', 'ES256\0', 'unknown_key'],
    ['an unknown id', 'unknown', 'unknown_key'],
    ['another case', 'es256', 'unknown_key'],
    ['nothing', '', 'unknown_key'],
    ['an array', ['ES256'], 'unknown_key'],
    ['an object', { toString: 'ES256' }, 'unknown_key'],
    ['null', null, 'unknown_key'],
    ['a number', 0, 'unknown_key'],
    ['no kid at all', undefined, 'unknown_key'],
    ['__proto__', '__proto__', 'unknown_key'],
    ['constructor', 'constructor', 'unknown_key'],
    ['a megabyte', 'k'.repeat(1_000_000), 'malformed_token'],
    ['four kilobytes', 'k'.repeat(4096), 'unknown_key'],
  ]
  for (const [name, kid, reason] of kids)
    it(`R07 refuses a kid that is ${name}`, () => expectRefused(api, mint({}, { kid }), reason))
  it('R07 accepts the kid that was published', () => expectAccepted(api, mint()))

  for (const extension of [
    { crit: ['exp'] },
    { crit: ['unknown'], unknown: 1 },
    { crit: [] },
    { crit: null },
    { crit: 'b64', b64: false },
    { crit: ['b64'], b64: false },
    { crit: ['b64'], b64: true },
    { b64: false },
  ]) {
    it(`R08 refuses ${JSON.stringify(extension)}`, () => expectRefused(api, mint({}, extension), 'unsupported_header'))
  }
  it('R08 refuses a payload that was signed without encoding', () => {
    const header = encode({ ...goodHeader(), crit: ['b64'], b64: false })
    const payload = JSON.stringify(goodClaims())
    const signature = rawSignature(keys.ES256, `${header}.${payload}`).toString('base64url')
    return expectRefused(api, `${header}.${encode(payload)}.${signature}`, 'unsupported_header')
  })
  it('R08 accepts a header member that it does not know and that is not critical', () =>
    expectAccepted(api, mint({}, { unknown: 1 })))

  for (const typ of ['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'Application/AT+JWT']) {
    it(`R09 accepts typ ${typ}`, () => expectAccepted(api, mint({}, { typ })))
  }
  for (const typ of [
    undefined,
    null,
    '',
    'JWT',
    'jwt',
    'id_token+jwt',
    'logout+jwt',
    'dpop+jwt',
    'at+jwt ',
    ' at+jwt',
    'at+jwt\n',
    'at jwt',
    'text/at+jwt',
    'application/application/at+jwt',
    'at+jwts',
    ['at+jwt'],
    { typ: 'at+jwt' },
  ]) {
    it(`R09 refuses typ ${JSON.stringify(typ) ?? 'missing'}`, () => expectRefused(api, mint({}, { typ }), 'not_an_access_token'))
  }

  for (const [name, typ, claims] of [
    ['an ID token', 'JWT', { aud: 'web-app', nonce: 'n', client_id: undefined }],
    ['an ID token whose audience is the API', 'JWT', { nonce: 'n' }],
    ['a logout token', 'logout+jwt', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['a client assertion', 'JWT', { iss: 'web-app', sub: 'web-app' }],
    ['a typed client assertion', 'client-authentication+jwt', { iss: 'web-app', sub: 'web-app' }],
    ['a DPoP proof', 'dpop+jwt', { htm: 'GET', htu: `${goodClaims().aud}/notes` }],
    ['an API key', 'api-key+jwt', {}],
    ['a password reset token', 'reset+jwt', {}],
    ['an authorization response', 'JWT', { code: 'c' }],
    ['an introspection answer', 'token-introspection+jwt', { token_introspection: { active: true } }],
    ['a signed list of revocations', 'revocations+jwt', {}],
  ] as const) {
    it(`R10 refuses ${name}`, () => expectRefused(api, mint(claims, { typ }), 'not_an_access_token'))
  }
  it('R10 accepts an access token by the same key', () => expectAccepted(api, mint()))

  it('a header member __proto__ gives nothing to inherit', async () => {
    const inherited = JSON.stringify(goodHeader()).slice(1, -1)
    await expectRefused(api, mint({}, `{"__proto__":{${inherited}}}`), 'unsupported_algorithm')
    await expectAccepted(api, mint({}, `{"__proto__":{"alg":"none"},${inherited}}`))
    expect(({} as Record<string, unknown>).alg).to.equal(undefined)
  })
})

/** Every text and every bytes of a public key that a careless verifier might take for a secret, each with and without a newline. */
function secretsFrom(key: KeyObject): [string, Buffer][] {
  const jwk = key.export({ format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }) as string
  const texts: [string, Buffer][] = [
    ['PEM', Buffer.from(pem.trimEnd())],
    ['PEM with CRLF', Buffer.from(pem.trimEnd().replaceAll('\n', '\r\n'))],
    ['PEM without its lines', Buffer.from(pem.split('\n').slice(1, -2).join(''))],
    ['DER', key.export({ type: 'spki', format: 'der' })],
    ['JWK text', Buffer.from(JSON.stringify(jwk))],
    ['modulus or point', Buffer.from((jwk.n ?? jwk.x) as string, 'base64url')],
    ['modulus or point as text', Buffer.from((jwk.n ?? jwk.x) as string)],
    ['nothing', Buffer.alloc(0)],
  ]
  return texts.flatMap(([name, bytes]): [string, Buffer][] => [
    [name, bytes],
    [`${name} with a newline`, Buffer.concat([bytes, Buffer.from('\n')])],
  ])
}
