/** What every endpoint for programs says, to the letter: what may be cached, which origins may read it, and how a refusal is put. */
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Answer, post } from '../support/post.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, basic, type Cast, type Credentials, cast, codeFor, pkce, tokensFor } from '../support/story.ts'

const spaOrigin = 'https://spa.example.com'
const extra = 'https://console.example.com'
const stranger = 'https://evil.example.com'
const origins = [
  stranger,
  'null',
  'https://app.example.com',
  'http://spa.example.com',
  `${spaOrigin}:8443`,
  'https://spa.example.com.evil.example',
]

describe('answers to programs', () => {
  let server: TestServer
  let who: Cast
  let tokens: Record<string, string>
  let confidential: Credentials
  before(async () => {
    server = await startTestServer({ settings: { authorizationDetails: { note_payment: { description: 'Pay', api } } } })
    who = await cast(server)
    tokens = await tokensFor(server, who.spa)
    const registered = await server.parts.clients.add({
      name: 'Console',
      kind: 'web',
      redirectUris: ['https://app.example.com/callback'],
      corsOrigins: [extra],
      apis: { [api]: ['notes:read'] },
      authorizationDetailsTypes: ['note_payment'],
    })
    confidential = { id: registered.registration.id, secret: registered.secret! }
  })
  after(() => server.close())

  const requests: Record<string, () => Record<string, string>> = {
    '/token': () => ({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string }),
    '/par': () => Object.fromEntries(authorizationUrl(server.issuer, 'spa', pkce().challenge).searchParams),
    '/revocation': () => ({ token: 'x' }),
    '/introspection': () => ({ token: 'x' }),
    '/device/auth': () => ({ scope: 'openid' }),
  }
  const paths = [...Object.keys(requests), '/userinfo']
  /** As the browser client, or as nobody. */
  async function ask(path: string, headers: Record<string, string> = {}, client_id = 'spa'): Promise<Answer & { text: string }> {
    const own = path === '/userinfo' ? { authorization: `Bearer ${client_id === 'spa' ? tokens.access_token : 'x'}` } : {}
    const body = new URLSearchParams({ ...requests[path]?.(), ...(path !== '/userinfo' && { client_id }) })
    const response = await fetch(server.issuer + path, {
      method: 'POST',
      body,
      headers: { ...own, ...headers } as Record<string, string>,
    })
    expect(response.headers.get('access-control-allow-credentials'), path).to.equal(null)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : {} }
  }
  const mayRead = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin')

  for (const path of paths) {
    it(`T22 lets no answer of ${path} be kept, good or bad`, async () => {
      for (const answer of [await ask(path), await ask(path, {}, 'nobody'), await ask(path, { 'content-type': 'text/plain' })])
        expect(answer.headers.get('cache-control')).to.equal('no-store')
    })

    it(`T23 opens ${path} to the browser client at its own origin, and to no other`, async () => {
      expect(mayRead(await ask(path, { origin: spaOrigin }))).to.equal(spaOrigin)
      for (const origin of origins) expect(mayRead(await ask(path, { origin })), origin).to.equal(null)
    })

    it(`T23 lets a page ask first whether it may ask ${path}, but none that has no origin, and none with cookies`, async () => {
      const preflight = async (origin: string) => {
        const headers = {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,dpop',
        }
        const response = await fetch(server.issuer + path, { method: 'OPTIONS', headers })
        expect(response.headers.get('access-control-allow-credentials')).to.equal(null)
        return response
      }
      const good = await preflight(spaOrigin)
      expect([good.status, mayRead(good)]).to.deep.equal([204, spaOrigin])
      expect(good.headers.get('access-control-allow-headers')).to.equal('authorization,dpop')
      expect(good.headers.get('access-control-allow-methods')).to.include('POST')
      expect(mayRead(await preflight('null'))).to.equal(null)
    })

    it(`says no at ${path} in JSON, whatever the request would rather read`, async () => {
      for (const accept of ['text/html', 'text/html,application/xhtml+xml,*/*;q=0.8', 'image/png', '*/*']) {
        const { status, headers, body } = await ask(path, { accept }, 'nobody')
        expect(status, accept).to.be.oneOf(path === '/userinfo' ? [401] : [400, 401])
        expect(headers.get('content-type'), accept).to.equal('application/json; charset=utf-8')
        expect(body.error, accept).to.be.oneOf(['invalid_client', 'invalid_token'])
      }
    })
  }

  it('T22 says it to those before HTTP/1.1 too where tokens are (RFC 6749 s5.1)', async () => {
    for (const client of ['spa', 'nobody']) expect((await ask('/token', {}, client)).headers.get('pragma')).to.equal('no-cache')
  })

  it('T23 lets no page read what is said to a client that is not there, but that a token is no good', async () => {
    for (const path of Object.keys(requests))
      expect(mayRead(await ask(path, { origin: spaOrigin }, 'nobody')), path).to.equal(null)
    expect(mayRead(await ask('/userinfo', { origin: spaOrigin }, 'nobody'))).to.equal(spaOrigin)
    expect(mayRead(await ask('/userinfo', { origin: 'null' }, 'nobody'))).to.equal(null)
  })

  it('T23 lets no page read that something failed before a client was found', async () => {
    const { clients } = server.parts.store
    const { find } = clients
    for (const fault of [new TypeError('a fault of ours'), new Refusal('temporarily_unavailable', 'Not now.', { status: 503 })]) {
      clients.find = () => Promise.reject(fault)
      try {
        for (const path of Object.keys(requests)) {
          const answer = await ask(path, { origin: stranger }, 'nobody')
          expect([answer.status, mayRead(answer)], path).to.deep.equal([fault instanceof Refusal ? 503 : 500, null])
        }
      } finally {
        clients.find = find
      }
    }
  })

  it('T23 opens itself to a confidential client where it registered an origin, and not at that of its redirect URI', async () => {
    const asked = (origin: string) =>
      post(server, '/token', { grant_type: 'client_credentials' }, { authorization: basic(confidential), origin })
    expect(mayRead(await asked(extra))).to.equal(extra)
    for (const origin of ['https://app.example.com', stranger, 'null'])
      expect(mayRead(await asked(origin)), origin).to.equal(null)
  })

  it('T23 lets every page read the metadata and the keys, and none that has no origin the metadata', async () => {
    const read = (path: string, origin: string) => fetch(`${server.issuer}/.well-known/${path}`, { headers: { origin } })
    for (const path of ['openid-configuration', 'oauth-authorization-server', 'jwks.json'])
      expect(mayRead(await read(path, stranger)), path).to.be.oneOf(['*', stranger])
    expect(mayRead(await read('openid-configuration', 'null'))).to.equal(null)
  })

  describe('a refusal of the token endpoint (RFC 6749 s5.2)', () => {
    const refusals: [string, number, () => Promise<Answer>][] = [
      ['invalid_request', 400, () => asWeb({})],
      ['invalid_request', 400, () => asWeb({ grant_type: 'authorization_code' })],
      ['invalid_request', 400, () => asWeb({ grant_type: 'refresh_token' })],
      ['unsupported_grant_type', 400, () => asWeb({ grant_type: 'password', username: 'a', password: 'b' })],
      ['unauthorized_client', 400, () => asWeb({ grant_type: 'client_credentials' })],
      [
        'invalid_grant',
        400,
        () => asWeb({ grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://app.example.com/callback' }),
      ],
      ['invalid_grant', 400, () => asWeb({ grant_type: 'refresh_token', refresh_token: '\u{1f511}"\\' })],
      [
        'invalid_client',
        401,
        () => post(server, '/token', { grant_type: 'x' }, { authorization: basic({ id: 'web', secret: 'x' }) }),
      ],
      ['invalid_client', 401, () => post(server, '/token', { grant_type: 'x', client_id: 'web', client_secret: 'x' })],
      ['invalid_request', 400, () => post(server, '/token', { grant_type: 'x' })],
      ['invalid_scope', 400, () => asMachine({ scope: 'notes:erase' })],
      ['invalid_scope', 400, () => asMachine({ scope: 'a"b' })],
      ['invalid_target', 400, () => asMachine({ scope: 'notes:read', resource: 'https://nobody.example.com' })],
      ['invalid_authorization_details', 400, () => asConfidential('[{"type":"note_payment","\u{1f511}\\"":1}]')],
    ]
    const asWeb = (form: Record<string, string>) => post(server, '/token', form, { authorization: basic(who.web) })
    const asMachine = (form: Record<string, string>) =>
      post(server, '/token', { grant_type: 'client_credentials', ...form }, { authorization: basic(who.machine) })
    const asConfidential = async (authorization_details: string) => {
      const signed = await codeFor(server, confidential)
      const form = {
        grant_type: 'authorization_code',
        code: signed.code,
        code_verifier: signed.verifier,
        redirect_uri: signed.redirectUri,
      }
      return post(server, '/token', { ...form, authorization_details }, { authorization: basic(confidential) })
    }
    for (const [error, status, refused] of refusals) {
      it(`is ${status} ${error}: ${String(refused).replace(/^\(\) => /, '')}`, async () => {
        const { body, headers, ...answer } = await refused()
        expect([answer.status, body.error]).to.deep.equal([status, error])
        expect(['error', 'error_description', 'scope']).to.include.members(Object.keys(body))
        expect(body.error_description ?? '').to.match(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/)
        expect(headers.get('content-type')).to.match(/^application\/json/)
      })
    }

    it('names the scheme to a client that tried the header', async () => {
      const { headers } = await post(server, '/token', { grant_type: 'x' }, { authorization: basic({ id: 'web', secret: 'x' }) })
      expect(headers.get('www-authenticate')).to.match(/^Basic realm="/)
    })
  })

  describe('a refusal of userinfo (RFC 6750 s3)', () => {
    const at = (init: RequestInit = {}, query = '') => fetch(`${server.issuer}/userinfo${query}`, init)
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    const form = (access_token: string) => ({ method: 'POST', body: new URLSearchParams({ access_token }) })

    it('names the scheme and nothing else where no token came', async () => {
      const response = await at()
      expect(response.status).to.equal(401)
      expect(response.headers.get('www-authenticate'))
        .to.match(/^Bearer realm="[^"]*"(, DPoP [^,]*)*/)
        .and.not.include('error=')
    })
    for (const [what, status, error, send] of [
      ['a token that is none', 401, 'invalid_token', () => at(bearer('x'))],
      [
        'a token without openid',
        403,
        'insufficient_scope',
        async () => at(bearer((await tokensFor(server, who.web, { scope: 'notes:read', nonce: undefined })).access_token!)),
      ],
      ['two tokens', 400, 'invalid_request', () => at({ ...form(tokens.access_token!), ...bearer(tokens.access_token!) })],
      ['a token in the address', 400, 'invalid_request', () => at({}, `?access_token=${tokens.access_token}`)],
      ['another scheme', 400, 'invalid_request', () => at({ headers: { authorization: `Basic ${tokens.access_token}` } })],
    ] as [string, number, string, () => Promise<Response>][]) {
      it(`is ${status} ${error} for ${what}, in the body and in the challenge`, async () => {
        const response = await send()
        expect(response.status).to.equal(status)
        expect(((await response.json()) as { error: string }).error).to.equal(error)
        expect(response.headers.get('www-authenticate')).to.match(new RegExp(`error="${error}"`))
      })
    }
    it('passes with the token in the header, and in the form', async () => {
      for (const init of [bearer(tokens.access_token!), form(tokens.access_token!)])
        expect(await (await at(init)).json()).to.deep.equal({ sub: who.subject })
    })
  })

  it('leaves pages pages: a refused sign-in is still said to people in HTML', async () => {
    const page = await createVisitor(server.issuer).open('/auth?client_id=nobody')
    expect(page.html).to.include('<!doctype html>')
  })
})
