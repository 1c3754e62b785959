/** The kit follows what the issuer revoked (docs/revocation.md). */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { ResourceServerEvent } from '../../src/resource-server/index.ts'
import {
  API,
  createApi,
  encode,
  eventually,
  expectAccepted,
  expectRefused,
  ISSUER,
  jwksOf,
  keyOfKeys,
  keys,
  mint,
  mintKey,
  NOW,
  rawSignature,
  type SigningKey,
  signingKey,
} from './support.ts'

type Entry = [string, number, number?]
const sha = (text: string) => createHash('sha256').update(text)
const about = (kind: string, value: string, issuer = ISSUER) =>
  sha(`${issuer}\n${kind}\n${sha(value).digest('base64url')}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
const end = NOW + 900

/** An issuer's list as a fetch: it answers what lies there, and waits while there is nothing. */
function listOf(...first: (string | Error)[]) {
  const waiting: ((text: string | Error) => void)[] = []
  const texts: (string | Error)[] = [...first]
  const asked: string[] = []
  const fetch = async (url: string, { signal }: RequestInit) => {
    if (url.includes('/.well-known/')) return new Response('', { status: 404 })
    asked.push(url)
    const text =
      texts.shift() ??
      (await new Promise<string | Error>((resolve, fail) => {
        waiting.push(resolve)
        signal?.addEventListener('abort', () => fail(signal.reason))
      }))
    if (text instanceof Error) throw text
    return new Response(text)
  }
  const say = (text: string | Error) => {
    const next = waiting.shift()
    if (next) next(text)
    else texts.push(text)
  }
  return { fetch, say, asked }
}

let number = 0
function signed(entries: Entry[], change: object = {}, header: object = {}, key: SigningKey = keys.ES256): string {
  const body = { iss: ISSUER, iat: NOW, exp: NOW + 60, lineage: 'a', from: 0, cursor: `a.${++number}`, entries, ...change }
  const data = `${encode({ alg: key.algorithm, typ: 'revocations+jwt', kid: key.kid, ...header })}.${encode(body)}`
  return `${data}.${rawSignature(key, data).toString('base64url')}`
}

describe('revocations', () => {
  const claims = { jti: 'token-1', grant: 'g', sub: 'ada', client_id: 'web-app' }
  const events: ResourceServerEvent[] = []
  const opened: { close(): void }[] = []
  let time = NOW
  beforeEach(() => {
    events.length = 0
    time = NOW
  })
  afterEach(() => {
    for (const api of opened.splice(0)) api.close()
  })
  const apiThatFollows = (list: ReturnType<typeof listOf>, more: object = {}) => {
    const api = createApi({ fetch: list.fetch, revocations: {}, now: () => time, on: (event) => events.push(event), ...more })
    opened.push(api)
    return api
  }
  const heard = (type: ResourceServerEvent['type']) => events.filter((event) => event.type === type).length

  for (const [kind, value] of [
    ['token', 'token-1'],
    ['grant', 'g'],
    ['subject', 'ada'],
    ['client', 'web-app'],
    ['client_tokens', 'web-app'],
  ] as const) {
    it(`refuses a token once its ${kind} is on the list, though it is known`, async () => {
      const list = listOf(signed([]))
      const api = apiThatFollows(list)
      const known = mint(claims)
      await expectAccepted(api, known)
      await expectAccepted(api, known)
      list.say(signed([[about(kind, value), end]]))
      await eventually(() => heard('revocations_read') === 2)
      await expectRefused(api, known, 'revoked')
      await expectRefused(api, mint(claims), 'revoked')
      await expectAccepted(api, mint({ ...claims, jti: 'b', grant: 'h', sub: 'bob', client_id: 'spa' }))
    })
  }
  for (const [kind, value] of [
    ['api', API],
    ['client_tokens', 'web-app'],
  ] as const) {
    it(`spares API keys by a sentence about the access tokens of one ${kind}`, async () => {
      const list = listOf(signed([]))
      const api = apiThatFollows(list, { accept: ['access_token', 'api_key'] })
      const [token, key] = [mint(claims), mintKey(claims)]
      await expectAccepted(api, token)
      await expectAccepted(api, key)
      list.say(signed([[about(kind, value), end, NOW + 5]]))
      await eventually(() => heard('revocations_read') === 2)
      await expectRefused(api, token, 'revoked')
      await expectAccepted(api, key)
      list.say(signed([[about('token', 'token-1'), end]]))
      await eventually(() => heard('revocations_read') === 3)
      await expectRefused(api, key, 'revoked')
    })
  }
  it('K05 refuses what a revoked key signed, known or not, though the key set has it still, and takes no list by it again', async () => {
    const list = listOf(signed([]))
    const api = apiThatFollows(list)
    const stolen = keys.EdDSA
    await expectAccepted(api, mint(claims, {}, stolen))
    await expectAccepted(api, mint(claims))
    list.say(signed([[about('kid', stolen.kid), end]]))
    await eventually(() => heard('revocations_read') === 2)
    await expectRefused(api, mint(claims, {}, stolen), 'revoked')
    await expectRefused(api, mint({ ...claims, jti: 'forged', iat: NOW + 1 }, {}, stolen), 'revoked')
    await expectAccepted(api, mint(claims))
    await expectAccepted(api, mint({ ...claims, kid: stolen.kid }))
    list.say(signed([[about('kid', keys.ES256.kid), end]]))
    await eventually(() => heard('revocations_read') === 3)
    list.say(signed([[about('grant', 'h'), end]]))
    await eventually(() => heard('revocations_failed') === 1)
  })
  it('reads a list that is signed by a key made a moment ago, whatever the cooldown of keys', async () => {
    const list = listOf(signed([]))
    const fresh = signingKey('ES256', 'fresh')
    let published = jwksOf(keys.ES256)
    const fetch = async (url: string, init: RequestInit) =>
      url.endsWith('/jwks') ? Response.json(published) : list.fetch(url, init)
    const api = apiThatFollows(list, { jwks: `${ISSUER}/jwks`, fetch, keys: { cooldown: 300 } })
    await expectAccepted(api, mint(claims))
    published = jwksOf(keys.ES256, fresh)
    list.say(signed([[about('kid', 'ES256'), end]], {}, {}, fresh))
    await eventually(() => heard('revocations_read') === 2)
    await expectRefused(api, mint(claims), 'revoked')
    expect(heard('revocations_failed')).to.equal(0)
  })
  it('waits with its first token for the list, and asks on from its cursor', async () => {
    const list = listOf(
      signed([[about('grant', 'g'), end]], { cursor: 'a.900', more: true }),
      signed([[about('subject', 'bob'), end]]),
    )
    const api = apiThatFollows(list)
    await expectRefused(api, mint(claims), 'revoked')
    await expectRefused(api, mint({ ...claims, grant: 'h', sub: 'bob' }), 'revoked')
    expect(list.asked.slice(0, 2)).to.deep.equal([`${ISSUER}/revocations`, `${ISSUER}/revocations?after=a.900&wait=25`])
  })
  it('judges by the time of issue where the sentence has one', async () => {
    const api = apiThatFollows(listOf(signed([[about('client', 'web-app'), end, NOW - 60]], { before: NOW - 90 })))
    await expectRefused(api, mint({ ...claims, iat: NOW - 60 }), 'revoked')
    await expectAccepted(api, mint({ ...claims, iat: NOW - 59 }))
    await expectRefused(api, mint({ ...claims, client_id: 'spa', iat: NOW - 90 }), 'revoked')
    await expectAccepted(api, mint({ ...claims, client_id: 'spa', iat: NOW - 89 }))
  })
  it('merges: an old list, replayed, or one of another lineage, brings nothing back', async () => {
    const old = signed([[about('client', 'web-app'), end - 800, NOW - 90]], { iat: NOW - 1_000 })
    const list = listOf(
      old,
      signed(
        [
          [about('client', 'web-app'), end, NOW - 30],
          [about('grant', 'h'), end],
        ],
        { before: NOW - 300 },
      ),
    )
    const api = apiThatFollows(list)
    await eventually(() => heard('revocations_read') === 2)
    list.say(old)
    list.say(signed([], { lineage: 'b', cursor: 'b.0' }))
    await eventually(() => heard('revocations_read') === 4)
    await expectRefused(api, mint({ ...claims, iat: NOW - 30 }), 'revoked')
    await expectRefused(api, mint({ ...claims, client_id: 'spa', grant: 'h' }), 'revoked')
    await expectRefused(api, mint({ ...claims, client_id: 'spa', iat: NOW - 300 }), 'revoked')
    await expectAccepted(api, mint({ ...claims, iat: NOW - 29 }))
  })
  it('goes on from no list that begins beyond what it has read, and does not count as fresh by it', async () => {
    const refuse = { whenStale: { access_token: 'refuse' } as const }
    const all = signed([[about('grant', 'h'), end]], { cursor: 'a.5' })
    const list = listOf(all)
    const api = apiThatFollows(list, { revocations: refuse })
    await expectAccepted(api, mint(claims))
    const beyond = { cursor: 'a.9', iat: NOW + 900 }
    time = NOW + 900
    const held: [string, object][] = [
      ['what came between is left out', { from: 7 }],
      ['of another database, and not all of it', { lineage: 'b', cursor: 'b.9', from: 1 }],
    ]
    for (const [what, change] of held) {
      const failed = heard('revocations_failed')
      list.say(signed([], { ...beyond, ...change }))
      await eventually(() => heard('revocations_failed') === failed + 1)
      await expectRefused(api, mint({ ...claims, iat: NOW + 900, exp: NOW + 950 }), 'revocations_unavailable', 503)
      expect(list.asked.at(-1), what).to.match(/after=a\.5&/)
    }
    list.say(signed([[about('grant', 'g'), NOW + 2_000]], { ...beyond, from: 5 }))
    await eventually(() => heard('revocations_read') === 2)
    await expectAccepted(api, mint({ ...claims, grant: 'i', iat: NOW + 900, exp: NOW + 950 }))
    await expectRefused(api, mint({ ...claims, iat: NOW + 900, exp: NOW + 950 }), 'revoked')
  })
  it('begins with no list that is not whole', async () => {
    const api = apiThatFollows(listOf(signed([], { from: 1 })))
    await expectAccepted(api, mint(claims))
    expect([heard('revocations_read'), heard('revocations_failed')]).to.deep.equal([0, 1])
  })
  it('keeps what it knew while the issuer is away, and goes on when it is back', async () => {
    const list = listOf(signed([[about('grant', 'g'), end]]), new Error('away'))
    const api = apiThatFollows(list)
    await eventually(() => heard('revocations_failed') === 1)
    await expectRefused(api, mint(claims), 'revoked')
    await expectAccepted(api, mint({ ...claims, grant: 'h' }))
    list.say(signed([[about('grant', 'h'), end]]))
    await eventually(() => heard('revocations_read') === 2)
    await expectRefused(api, mint({ ...claims, grant: 'h' }), 'revoked')
  })
  it('accepts access tokens without a list and says so once, and refuses API keys with 503, unless told otherwise', async () => {
    const key = () => mintKey(claims)
    const accept = ['access_token', 'api_key']
    const api = apiThatFollows(listOf(new Error('away'), new Error('away')), { accept })
    await expectAccepted(api, mint(claims))
    await expectRefused(api, key(), 'revocations_unavailable', 503)
    expect(heard('revocations_stale')).to.equal(1)
    const other = { access_token: 'refuse', api_key: 'accept' } as const
    const strict = apiThatFollows(listOf(new Error('away')), { accept, revocations: { whenStale: other } })
    await expectRefused(strict, mint(claims), 'revocations_unavailable', 503)
    await expectAccepted(strict, key())
  })
  it('counts a list as stale by its own age', async () => {
    const refuse = { whenStale: { access_token: 'refuse' } as const }
    const api = apiThatFollows(listOf(signed([])), { revocations: refuse })
    await expectAccepted(api, mint({ ...claims, exp: NOW + 3_600 }))
    time = NOW + 899
    await expectAccepted(api, mint({ ...claims, exp: NOW + 3_600 }))
    time = NOW + 900
    await expectRefused(api, mint({ ...claims, exp: NOW + 3_600 }), 'revocations_unavailable', 503)
    const replayed = apiThatFollows(listOf(signed([], { iat: NOW - 1_000 })), { revocations: refuse })
    await expectRefused(replayed, mint({ ...claims, exp: NOW + 3_600 }), 'revocations_unavailable', 503)
  })
  const bad: [string, string][] = [
    ['signed by a stranger', signed([[about('grant', 'g'), end]], {}, {}, signingKey('ES256'))],
    ['of another algorithm', signed([[about('grant', 'g'), end]], {}, {}, keys.RS256)],
    ['an access token', mint({ entries: [[about('grant', 'g'), end]], cursor: 'a.1' })],
    ['of another issuer', signed([[about('grant', 'g'), end]], { iss: 'https://other.example.com' })],
    ['without a cursor', signed([[about('grant', 'g'), end]], { cursor: undefined })],
    ['without its beginning', signed([[about('grant', 'g'), end]], { from: undefined })],
    ['without the list that it is of', signed([[about('grant', 'g'), end]], { lineage: undefined })],
    ['with an entry that is none', signed([[about('grant', 'g'), 'x' as never]])],
    ['none', 'x'],
  ]
  for (const [what, text] of bad) {
    it(`takes nothing from a list that is ${what}`, async () => {
      const api = apiThatFollows(listOf(text))
      await expectAccepted(api, mint(claims))
      expect([heard('revocations_read'), heard('revocations_failed')]).to.deep.equal([0, 1])
    })
  }
  const elsewhere = 'https://cdn.example.com/list?of=it'
  const metadata: [string, object, string][] = [
    ['where the metadata says', { issuer: ISSUER, revocations_uri: elsewhere }, elsewhere],
    ['under the issuer where the metadata says nothing', { issuer: ISSUER }, `${ISSUER}/revocations`],
    ['under the issuer where the metadata is another’s', { issuer: 'x', revocations_uri: elsewhere }, `${ISSUER}/revocations`],
  ]
  for (const [where, document, uri] of metadata) {
    it(`reads the list ${where}`, async () => {
      const list = listOf(signed([[about('grant', 'g'), end]], { cursor: 'a.7' }))
      const fetch = async (url: string, init: RequestInit) =>
        url.includes('/.well-known/') ? Response.json(document) : list.fetch(url, init)
      await expectRefused(apiThatFollows(list, { fetch }), mint(claims), 'revoked')
      await eventually(() => list.asked.length === 2)
      const next = `${uri}${uri.includes('?') ? '&' : '?'}after=a.7&wait=25`
      expect(list.asked).to.deep.equal([uri, next])
    })
  }
  it('reads no list over plain http, whatever the metadata says, and looks again where it is', async () => {
    const list = listOf(signed([[about('grant', 'g'), end]]))
    let uri = 'http://id.example.com/list'
    const fetch = async (url: string, init: RequestInit) =>
      url.includes('/.well-known/') ? Response.json({ issuer: ISSUER, revocations_uri: uri }) : list.fetch(url, init)
    const api = apiThatFollows(list, { fetch })
    await expectAccepted(api, mint(claims))
    expect([heard('revocations_failed'), list.asked]).to.deep.equal([1, []])
    uri = elsewhere
    await eventually(() => heard('revocations_read') === 1)
    await expectRefused(api, mint(claims), 'revoked')
    uri = 'https://moved.example.com/list'
    list.say(new Error('gone'))
    await eventually(() => list.asked.some((url) => url.startsWith(uri)))
  })
  it('asks no more once it is closed', async () => {
    const list = listOf(signed([]))
    const api = apiThatFollows(list)
    await eventually(() => list.asked.length === 2)
    api.close()
    list.say(signed([]))
    await new Promise((resolve) => setImmediate(resolve))
    expect(list.asked.length).to.equal(2)
  })
  it('follows the list where API keys are accepted, without being told to', async () => {
    const list = listOf(signed([[about('token', 'token-1'), end]]))
    const api = apiThatFollows(list, { revocations: undefined, accept: ['api_key'] })
    await expectRefused(api, mintKey(claims), 'revoked')
    await expectAccepted(api, mintKey({ ...claims, jti: 'token-2' }))
  })
  it('takes no list that is signed by a key for API keys', async () => {
    const header = { typ: 'revocations+jwt' }
    const api = apiThatFollows(listOf(signed([[about('grant', 'g'), end]], {}, header, keyOfKeys)))
    await expectAccepted(api, mint(claims))
    expect([heard('revocations_read'), heard('revocations_failed')]).to.deep.equal([0, 1])
  })
  it('follows nothing unless told to', async () => {
    const list = listOf()
    await expectAccepted(apiThatFollows(list, { revocations: undefined }), mint(claims))
    await expectAccepted(apiThatFollows(list, { revocations: false, accept: ['api_key'] }), mintKey(claims))
    expect(list.asked).to.deep.equal([])
  })
  for (const revocations of [
    { uri: 'http://id.example.com/list' },
    { staleAfter: -1 },
    { credentials: { id: 'notes-api', secret: '' } },
    { whenStale: { api_key: 'maybe' as 'accept' } },
  ]) {
    it(`cannot be ${JSON.stringify(revocations)}`, () => {
      expect(() => createApi({ revocations })).to.throw(TypeError)
    })
  }
})
