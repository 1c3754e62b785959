/** Whatever is sent, the answer is a clear no: never a 5xx, never a crash (rows X of the security cases). */
import { connect } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { linkKinds } from '../../src/tokens/links.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { personsKey, wrapped } from '../support/api-keys.ts'
import { deviceFor } from '../support/device.ts'
import { leanFetch } from '../support/lean-fetch.ts'
import { type Apis, apiClients } from '../support/questions.ts'
import { api, declared, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, basic, type Cast, cast, codeFor, password, pkce, token, tokensFor } from '../support/story.ts'

const encoded = (json: string) => Buffer.from(json).toString('base64url')
/** As anybody can make one; what stands in it is read before its signature is. */
const requestObjectOf = (member: string) => `${encoded('{"alg":"ES256"}')}.${encoded(`{${member}}`)}.AA`

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '\0',
    '\r\nx: y',
    '%',
    '%zz',
    '%00',
    '\ud800',
    '../../etc/passwd',
    "' or 1=1 --",
    '[]',
    'a[b]=c',
    'null',
    '-1',
    '1e309',
    'x'.repeat(5_000),
    ...['{"toString":null}', '[[{"toString":null}]]', 'null', '{"a":'.repeat(17) + 1 + '}'.repeat(17)].map((value) =>
      requestObjectOf(`"scope":${value},"state":${value}`),
    ),
    '['.repeat(1_200) + ']'.repeat(1_200),
  ),
)

interface Route {
  method: 'GET' | 'POST'
  path: string
  /** At the token endpoint. */
  grant?: string
  names: string[]
  /** The page whose form it is; a sign-in’s unless said. */
  on?: string
  /** What is in order there, beside what is everywhere. */
  good?: Record<string, string>
}

const authorization = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'ui_locales',
  'id_token_hint',
  'login_hint',
  'acr_values',
  'resource',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'claims',
  'display',
  'registration',
]
const routes: Route[] = [
  { method: 'GET', path: '/auth', names: authorization },
  { method: 'POST', path: '/auth', names: authorization },
  {
    method: 'POST',
    path: '/par',
    names: [...authorization, 'client_secret', 'client_assertion', 'client_assertion_type', 'dpop_jkt'],
  },
  { method: 'GET', path: '/auth/{}', names: [] },
  {
    method: 'POST',
    path: '/token',
    names: [
      'grant_type',
      'code',
      'code_verifier',
      'redirect_uri',
      'refresh_token',
      'scope',
      'resource',
      'client_id',
      'client_secret',
      'client_assertion',
      'client_assertion_type',
      'device_code',
    ],
  },
  {
    method: 'POST',
    path: '/token',
    grant: grantTypes.token_exchange,
    names: [
      'grant_type',
      'subject_token',
      'subject_token_type',
      'actor_token',
      'requested_token_type',
      'audience',
      'resource',
      'scope',
    ],
  },
  { method: 'POST', path: '/device/auth', names: [...authorization, 'client_secret', 'user_code'] },
  { method: 'GET', path: '/device', names: ['user_code'] },
  { method: 'GET', path: '/device/{}', names: ['user_code'] },
  { method: 'POST', path: '/device', names: ['xsrf', 'user_code', 'confirm', 'abort'] },
  { method: 'POST', path: '/introspection', names: ['token', 'token_type_hint', 'client_id', 'client_secret'] },
  { method: 'POST', path: '/revocation', names: ['token', 'token_type_hint', 'client_id', 'client_secret'] },
  { method: 'POST', path: '/api-keys/leaked', names: ['key'] },
  { method: 'GET', path: '/userinfo', names: ['access_token', 'scope'] },
  { method: 'POST', path: '/userinfo', names: ['access_token', 'scope'] },
  {
    method: 'GET',
    path: '/session/end',
    names: ['id_token_hint', 'post_logout_redirect_uri', 'state', 'client_id', 'logout_hint', 'ui_locales'],
  },
  { method: 'POST', path: '/session/end', names: ['id_token_hint', 'post_logout_redirect_uri', 'state', 'client_id'] },
  { method: 'POST', path: '/session/end/confirm', names: ['xsrf', 'logout'] },
  { method: 'GET', path: '/session/end/success', names: ['client_id'] },
  { method: 'GET', path: '/interaction/{}', names: [] },
  { method: 'POST', path: '/interaction/{}/sign-in', names: ['csrf', 'email', 'password'] },
  { method: 'POST', path: '/interaction/{}/link', names: ['csrf', 'email'] },
  ...(Object.values(linkKinds) as { path: string }[]).flatMap(({ path }): Route[] => [
    { method: 'GET', path, names: ['token'] },
    { method: 'POST', path: `${path}/{}`, names: ['csrf', 'password'] },
  ]),
  { method: 'POST', path: '/recovery', names: ['csrf', 'email', 'for'], on: '/recovery' },
  {
    method: 'POST',
    path: '/sign-up',
    names: ['csrf', 'email', 'name', 'password', 'for'],
    on: '/sign-up',
    good: { name: 'Grace Hopper', password: 'four words of no kin' },
  },
  { method: 'POST', path: '/sign-up/again', names: ['csrf'], on: '/sign-up' },
  { method: 'GET', path: '/account', names: ['error', 'error_description', 'iss', 'state'] },
  { method: 'POST', path: '/account/name', names: ['csrf', 'name'], on: '/account/name' },
  { method: 'POST', path: '/account/email', names: ['csrf', 'email'], on: '/account/email' },
  { method: 'POST', path: '/account/password', names: ['csrf', 'current', 'password', 'keys'], on: '/account/password' },
  { method: 'POST', path: '/account/delete', names: ['csrf', 'sure'], on: '/account/delete' },
  {
    method: 'POST',
    path: '/account/keys/new',
    names: ['csrf', 'name', 'api', 'scope', 'end', 'until'],
    on: '/account/keys/new',
    good: { name: 'Laptop', api, scope: `${api} notes:read`, end: '7' },
  },
  { method: 'POST', path: '/account/keys/{}', names: ['csrf'], on: '/account/keys/new' },
  { method: 'POST', path: '/interaction/{}/consent', names: ['csrf', 'decision', 'scope'] },
  { method: 'POST', path: '/interaction/{}/switch', names: ['csrf'] },
  { method: 'POST', path: '/interaction/{}/select-account', names: ['csrf'] },
  { method: 'GET', path: '/assets/{}', names: ['v'] },
  { method: 'GET', path: '/{}', names: [] },
  { method: 'GET', path: '/.well-known/{}', names: [] },
]

const clientEndpoints = ['/token', '/par', '/introspection', '/revocation']

/** A thousand here; `npm run soak` raises it. */
const requestsPerRoute = Number(process.env.SIGNET_FUZZ ?? 1_000)

describe('bad input', function () {
  this.timeout(Math.max(180_000, requestsPerRoute * 60))
  let server: TestServer
  let who: Cast
  let apis: Apis
  let jwt: string
  let key: string
  before(async () => {
    const settings = {
      registration: { open: true },
      signIn: { ...declared.signIn, byLink: true },
      apis: declared.apis.map((one) => ({ ...one, apiKeys: true })),
    }
    server = await startTestServer({ settings })
    who = await cast(server)
    key = await personsKey(server, who.email)
    apis = await apiClients(server)
    jwt = (await tokensFor(server, who.web)).access_token!
  })
  after(() => server.close())

  const alive = async () =>
    expect((await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).status).to.equal(200)

  /** Through the sign-in where the page is behind one. */
  async function openSignedIn(visitor: Visitor, path: string): Promise<Page> {
    const page = await visitor.open(path)
    return page.url.pathname === path ? page : visitor.submit(page, '/sign-in', { email: who.email, password })
  }

  for (const { method, path, grant, names, on, good: own } of routes) {
    it(`X01 X04 ${method} ${path}${grant ? ` for ${grant}` : ''}: whatever stands in it`, async () => {
      const visitor = createVisitor(server.issuer, {}, leanFetch)
      const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge))
      const uid = page.url.pathname.split('/')[2] as string
      const ofDevice = path.startsWith('/device') ? await deviceFor(server, who.tv) : undefined
      const asked = on === undefined ? page : await openSignedIn(visitor, on)
      const csrf = asked.forms[0]?.fields.find(([name]) => name === 'csrf')?.[1] as string
      // Half of the requests are in order but for one parameter, which gets them further in.
      const good: Record<string, string> = {
        ...Object.fromEntries(authorizationUrl(server.issuer, 'web', pkce().challenge).searchParams),
        csrf,
        grant_type: grant ?? 'authorization_code',
        token: jwt,
        subject_token: jwt,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        key,
        key_type: 'urn:signet:params:oauth:token-type:api_key',
        ...(grant && { resource: otherApi, audience: otherApi, scope: 'mail:read' }),
        email: 'x@example.com',
        ...own,
        decision: 'allow',
        ...(ofDevice && { client_id: who.tv.id, user_code: ofDevice.user_code, xsrf: '' }),
      }
      const value = fc.oneof(text, fc.constantFrom(...Object.values(good)))
      const parameters = fc.record({
        base: fc.boolean(),
        changed: fc.array(
          fc.tuple(
            fc.oneof(
              { weight: 4, arbitrary: fc.constantFrom(...(names.length ? names : ['x'])) },
              { weight: 1, arbitrary: text },
            ),
            value,
          ),
          { maxLength: 4 },
        ),
        segment: fc.oneof(text, fc.constant(uid)),
        signed: fc.boolean(),
      })
      const statuses = new Set<number>()
      await fc.assert(
        fc.asyncProperty(parameters, async ({ base, changed, segment, signed }) => {
          // Each page of the code has a secret of its own, which its confirmation uses up.
          if (path === '/device' && method === 'POST' && base)
            good.xsrf = (await visitor.open(path)).forms[0]?.fields.find(([name]) => name === 'xsrf')?.[1] ?? ''
          const merged: [string, string][] = [
            ...(base ? Object.entries(good).filter(([name]) => names.includes(name)) : []),
            ...changed,
          ]
          const query = String(new URLSearchParams(merged.map(([name, one]) => [name.toWellFormed(), one.toWellFormed()])))
          const target = path.replace('{}', encodeURIComponent(segment.toWellFormed()))
          const headers: Record<string, string> = signed
            ? {
                authorization: clientEndpoints.includes(path)
                  ? basic(grant ? apis.notes : who.web)
                  : `Bearer ${encodeURIComponent(segment.toWellFormed())}`,
              }
            : {}
          const url = method === 'GET' ? `${target}?${query}` : target
          const form = { 'content-type': 'application/x-www-form-urlencoded' }
          const response = await visitor.fetch(
            new URL(url, server.issuer),
            method === 'GET' ? { headers } : { method, body: query, headers: { ...form, ...headers } },
          )
          await response.arrayBuffer()
          statuses.add(response.status)
          if (response.status >= 500) throw new Error(`${response.status} for ${method} ${url} ${query}`)
        }),
        { numRuns: requestsPerRoute, endOnFailure: true },
      )
      // A form of ours about a thing that nobody has is looked at as well.
      const taken = path.endsWith('/{}') ? [404] : [200, 303, 422]
      if (on !== undefined) expect([...statuses], 'what was taken for a form of ours').to.include.oneOf(taken)
      await alive()
    })
  }

  it('X01 POST /api-keys/leaked: whatever JSON it is', async () => {
    const nearly = fc.oneof(text, fc.constantFrom(key, jwt, wrapped(jwt), key.slice(0, -1), `${key} `), text.map(wrapped))
    const any = fc.oneof(nearly, fc.jsonValue({ maxDepth: 2 }))
    const report = fc.oneof(
      fc.record({ key: any }),
      fc.array(fc.record({ token: any, type: any, url: any }, { requiredKeys: [] }), { maxLength: 5 }),
      fc.json(),
    )
    await fc.assert(
      fc.asyncProperty(report, async (one) => {
        const response = await fetch(`${server.issuer}/api-keys/leaked`, {
          method: 'POST',
          body: typeof one === 'string' ? one : JSON.stringify(one),
          headers: { 'content-type': 'application/json' },
        })
        await response.arrayBuffer()
        if (![200, 400, 413, 429].includes(response.status)) throw new Error(`${response.status} for ${JSON.stringify(one)}`)
      }),
      { numRuns: requestsPerRoute, endOnFailure: true },
    )
    await alive()
  })

  /** What the server says to these bytes, up to the end of the connection. */
  const raw = (bytes: string | Buffer) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(server.issuer).port), 'localhost', () => socket.write(bytes))
      let said = ''
      socket.on('data', (chunk) => {
        said += chunk
        if (/\r\n\r\n/.test(said)) socket.end()
      })
      socket.on('error', () => resolve(said))
      socket.on('close', () => resolve(said))
    })
  const statusOf = (said: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1])

  it('X02 refuses a body over the limit before reading it', async () => {
    const said = await raw(
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000000\r\n\r\n',
    )
    expect(statusOf(said)).to.equal(413)
    await alive()
  })
  it('X02 refuses a chunked body that grows without end', async () => {
    for (const path of ['/token', '/par', '/introspection', '/api-keys/leaked', '/interaction/x/sign-in', '/session/end']) {
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`
      const said = await raw(head + `8000\r\n${'a'.repeat(0x8000)}\r\n`.repeat(40))
      expect(statusOf(said), path).to.be.within(400, 499)
      // What is left of it would keep the next request of the connection waiting. A page that looks at no form reads on by itself.
      if (!path.startsWith('/interaction')) expect(said, path).to.match(/^connection: close/im)
    }
    await alive()
  })
  it('X02 refuses a form over its limit, whether or not it says its length', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge))
    const answer = await visitor.submit(page, '/sign-in', { email: who.email, password: 'x'.repeat(20_000) })
    expect(answer.status).to.equal(413)
    expect((await visitor.submit(page, '/sign-in', { email: who.email, password: 'x'.repeat(2_000) })).status, 'L09').to.equal(
      400,
    )
  })
  it('X02 refuses ten thousand headers, and headers over 16 kB', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => `x-${n}: y`).join('\r\n')
    expect(statusOf(await raw(`GET / HTTP/1.1\r\nHost: x\r\n${many}\r\n\r\n`))).to.equal(431)
    expect(statusOf(await raw(`GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`))).to.equal(431)
    await alive()
  })
  for (const [what, bytes] of [
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nx: a\0b\r\n\r\n'],
    ['NUL in the path', 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an invalid percent in the path', 'GET /interaction/%zz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an overlong percent in the path', 'GET /auth/%c0%af HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an invalid percent in the query', 'GET /auth?client_id=%zz&%=%%% HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['length and chunks', 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an absolute address', 'GET http://evil.example.com/auth HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two slashes', 'GET //evil.example.com/auth HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a broken method', 'G\u0001T / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ] as const) {
    it(`X03 answers ${what} with 4xx`, async () => {
      const said = await raw(bytes)
      expect(statusOf(said), said.slice(0, 200)).to.be.within(400, 499)
      expect(said).to.not.include('evil.example.com')
      await alive()
    })
  }
  it('X03 puts no line of a parameter into a header', async () => {
    const { answer } = await codeFor(server, who.web, { state: 'a\r\nset-cookie: evil=1' })
    expect(answer.searchParams.get('state')).to.equal('a\r\nset-cookie: evil=1')
    const response = await fetch(
      authorizationUrl(server.issuer, 'web', 'x', { state: 'a\r\nset-cookie: evil=1', response_type: 'x' }),
      { redirect: 'manual' },
    )
    expect(response.headers.get('set-cookie') ?? '').to.not.include('evil')
  })
  it('X04 takes a name with brackets for a name', async () => {
    const { status, body } = await token(server, who.machine, {
      grant_type: 'client_credentials',
      'scope[0]': 'notes:read',
      ['__proto__']: 'x',
      'scope[__proto__]': 'x',
    })
    expect(status).to.equal(200)
    expect(body.scope).to.equal(undefined)
  })
})
