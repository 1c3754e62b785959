/** Whatever stands in a JWT or a certificate that is sent, the answer is a clear no: never a 5xx, never a success (rows X of the security cases). */
import { expect } from 'chai'
import fc from 'fast-check'
import { inHeader, selfSigned } from '../support/certificate.ts'
import { addKeyed, assertion, assertionType, type Keyed, type KeyPair, keyPair, proof, requestObject } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, cast, tokensFor } from '../support/story.ts'

/** `npm run soak` raises it. */
const runs = Math.ceil(Number(process.env.SIGNET_FUZZ ?? 1_000) / 4)

/** Objects and lists in one another. The library's copies break at some thousand levels, for which `bad-input.test.ts` has the room. */
const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => ({ a: [inner] }), 1)

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    null,
    [],
    {},
    '',
    0,
    -1,
    Number.MAX_VALUE,
    2 ** 53,
    'x'.repeat(3_000),
    '__proto__',
    'none',
    'HS256',
    'ES256',
    'dpop+jwt',
    [['a']],
    { toString: null },
    { toString: 1, valueOf: 1 },
    [{ toString: null }],
    nested(17),
    JSON.stringify(nested(17)),
    nested(600),
  ),
)
const changes = (names: string[]) =>
  fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 12 })), junk), { minLength: 1, maxLength: 3 })
const claims = changes([
  'iss',
  'sub',
  'aud',
  'jti',
  'exp',
  'nbf',
  'iat',
  'htm',
  'htu',
  'ath',
  'nonce',
  'client_id',
  'response_type',
  'claims',
  'scope',
  'authorization_details',
  'resource',
  'max_age',
  'state',
])
const header = changes(['alg', 'typ', 'kid', 'jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'zip', 'enc', 'epk', 'p2c'])

describe('bad JWTs', function () {
  this.timeout(Math.max(60_000, runs * 100))
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  let key: KeyPair
  let token: string
  before(async () => {
    const mutualTls = { certificateHeader: 'client-cert' }
    server = await startTestServer({ settings: { mutualTls, trustedProxies: ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'] } })
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed', { grants: ['client_credentials'] })
    await addKeyed(server, 'tls', { authentication: 'self_signed_tls_client_auth', grants: ['client_credentials'] })
    key = await keyPair()
    token = (await tokensFor(server, who.native)).access_token as string
  })
  after(() => server.close())

  const machine = { grant_type: 'client_credentials', scope: 'notes:read' }
  /** Header and claims replaced after it was signed, so that anything can stand there; half keep the signature's place empty. */
  const spoiled = (jwt: string, [own, more]: [[string, unknown][], [string, unknown][]], empty: boolean) => {
    const [head = '', payload = '', signature = ''] = jwt.split('.')
    const change = (part: string, by: [string, unknown][]) => {
      const members = { ...JSON.parse(String(Buffer.from(part, 'base64url'))), ...Object.fromEntries(by) }
      return Buffer.from(JSON.stringify(members)).toString('base64url')
    }
    return `${change(head, own)}.${change(payload, more)}.${empty ? '' : signature}`
  }

  const kinds: [string, (given: string) => Promise<number>, () => Promise<string>][] = [
    [
      'client assertion',
      async (one) =>
        (await post(server, '/token', { ...machine, client_assertion_type: assertionType, client_assertion: one })).status,
      () => assertion(server, keyed),
    ],
    [
      'request object',
      async (request) => {
        const url = `${server.issuer}/auth?${new URLSearchParams({ client_id: 'keyed', request })}`
        return (await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })).status
      },
      () => requestObject(server, keyed, { redirect_uri: 'https://app.example.com/callback', scope: 'openid' }),
    ],
    [
      'DPoP proof at the token endpoint',
      async (dpop) => (await post(server, '/token', machine, { authorization: basic(who.machine), dpop })).status,
      () => proof(key, 'POST', `${server.issuer}/token`),
    ],
    [
      'DPoP proof at userinfo',
      async (dpop) =>
        (
          await fetch(`${server.issuer}/userinfo`, {
            headers: { authorization: `DPoP ${token}`, dpop, accept: 'application/json' },
          })
        ).status,
      () => proof(key, 'GET', `${server.issuer}/userinfo`),
    ],
  ]
  for (const [kind, send, good] of kinds) {
    it(`X01 X04 as ${kind}: whatever stands in it`, async () => {
      const base = await good()
      await fc.assert(
        fc.asyncProperty(fc.tuple(header, claims), fc.boolean(), async (by, empty) => {
          const status = await send(spoiled(base, by, empty))
          if (status < 400 && !(kind === 'request object' && status === 303)) throw new Error(`accepted: ${status}`)
          if (status >= 500) throw new Error(String(status))
        }),
        { numRuns: runs, endOnFailure: true },
      )
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'abcDEF019-_.=%'), maxLength: 200 }), async (text) => {
          const status = await send(text || '.')
          if (status >= 500) throw new Error(String(status))
        }),
        { numRuns: runs, endOnFailure: true },
      )
    })
  }

  it('X01 as client certificate: whatever stands in the header', async () => {
    const good = inHeader(selfSigned())
    const altered = fc
      .tuple(fc.nat(good.length), fc.string({ maxLength: 4 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1))
    const anything = fc.oneof(
      altered,
      fc.string({ maxLength: 100 }),
      fc.constantFrom(':', '::', ':=:', '%', '-----BEGIN CERTIFICATE-----'),
    )
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const visible = value.replace(/[^\x20-\x7e]/g, '').trim()
        const { status, body } = await post(server, '/token', { ...machine, client_id: 'tls' }, { 'client-cert': visible })
        expect([status, body.error]).to.deep.equal([401, 'invalid_client'])
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })
})
