/** The authorization endpoint under attack (rows A of the security cases), each beside a request that passes. */
import { expect } from 'chai'
import { clientRegistration } from '../../src/settings/client/registration.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  passThrough,
  password,
  pkce,
  redeem,
  redirectUri,
  signedFrom,
  signInPost,
  tokensFor,
} from '../support/story.ts'

describe('the authorization endpoint', () => {
  let server: TestServer
  let who: Cast
  const { challenge } = pkce()
  const open = (clientId: string, changes = {}) =>
    createVisitor(server.issuer).open(authorizationUrl(server.issuer, clientId, challenge, changes))
  /** Where an error was sent, as its parameters. */
  const errorOf = async (clientId: string, changes = {}) => {
    const { leftTo } = await open(clientId, changes)
    expect(leftTo, 'sent back to the client').to.not.equal(undefined)
    expect(leftTo?.searchParams.has('code')).to.equal(false)
    return Object.fromEntries(new URLSearchParams(leftTo?.search || leftTo?.hash.slice(1)))
  }

  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  describe('redirect URIs', () => {
    const altered: [string, string, string][] = [
      ['A01', 'another host', 'https://evil.example.com/callback'],
      ['A02', 'an added query', `${redirectUri}?x=1`],
      ['A02', 'an added path', `${redirectUri}/x`],
      ['A02', 'a fragment', `${redirectUri}#x`],
      ['A02', 'a trailing slash', `${redirectUri}/`],
      ['A02', 'dot segments', 'https://app.example.com/x/../callback'],
      ['A02', 'encoded dot segments', 'https://app.example.com/x/%2e%2e/callback'],
      ['A03', 'upper case in the host', 'https://APP.example.com/callback'],
      ['A03', 'upper case in the path', 'https://app.example.com/Callback'],
      ['A03', 'upper case in the scheme', 'HTTPS://app.example.com/callback'],
      ['A05', 'a loopback port at a web client', 'http://127.0.0.1:9999/callback'],
    ]
    for (const [id, what, uri] of altered) {
      it(`${id} refuses ${what} with a page, sending nobody anywhere`, async () => {
        const page = await open('web', { redirect_uri: uri })
        expect(page.status).to.equal(400)
        expect(page.leftTo).to.equal(undefined)
        expect(page.html).to.include('redirect_uri')
      })
    }

    it('takes the registered one to the sign-in page', async () => {
      expect((await open('web')).html).to.include('type="password"')
    })

    for (const [uri, passes] of [
      ['http://127.0.0.1:49152/callback', true],
      ['http://127.0.0.1/callback', true],
      ['http://localhost:49152/callback', false],
      ['http://127.0.0.1.example.com:49152/callback', false],
      ['http://127.0.0.2:49152/callback', false],
      ['http://127.0.0.1:49152/other', false],
      ['http://[::1]:49152/callback', false],
    ] as const) {
      it(`A05 ${passes ? 'lets' : 'does not let'} a native client that registered 127.0.0.1 use ${uri}`, async () => {
        expect((await open('native', { redirect_uri: uri })).status).to.equal(passes ? 200 : 400)
      })
    }

    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
      'http://app.example.com/callback',
      'https://*.example.com/',
      'myapp:/callback',
    ]) {
      for (const list of ['redirectUris', 'postLogoutRedirectUris']) {
        it(`A06 refuses to register ${uri} in ${list}`, () => {
          for (const kind of ['web', 'native']) {
            const good = {
              id: 'app',
              name: 'App',
              kind,
              redirectUris: ['https://app.example.com/'],
              secretDigests: kind === 'web' ? ['A'.repeat(43)] : [],
            }
            expect(clientRegistration.safeParse(good).success, 'the control').to.equal(true)
            expect(clientRegistration.safeParse({ ...good, [list]: [uri] }).success, kind).to.equal(false)
          }
        })
      }
    }

    it('A08 shows an error on a page when the redirect URI is not the client’s, and redirects it when it is', async () => {
      const page = await open('web', { redirect_uri: 'https://evil.example.com/', response_type: 'token' })
      expect(page.leftTo).to.equal(undefined)
      expect(page.status).to.equal(400)
      expect((await errorOf('web', { response_type: 'token' })).error).to.equal('unsupported_response_type')
    })
  })

  describe('PKCE', () => {
    for (const client of ['web', 'spa', 'native']) {
      it(`A09 demands it of the ${client} client`, async () => {
        const error = await errorOf(client, { code_challenge: undefined, code_challenge_method: undefined })
        expect(error.error).to.equal('invalid_request')
      })
    }
    it('A09 lets an exempt confidential client go without', async () => {
      expect((await open('exempt', { code_challenge: undefined, code_challenge_method: undefined })).status).to.equal(200)
    })
    for (const method of ['plain', undefined, 'S512', 's256']) {
      it(`A10 refuses the method ${method}`, async () => {
        expect((await errorOf('web', { code_challenge_method: method })).error).to.equal('invalid_request')
      })
    }
  })

  for (const type of ['token', 'id_token', 'code token', 'code id_token', 'id_token token', 'none', 'unknown']) {
    it(`A12 refuses response_type ${type}`, async () => {
      const { leftTo } = await open('web', { response_type: type })
      const answer = leftTo as URL
      const parameters = new URLSearchParams(answer.search || answer.hash.slice(1))
      expect(parameters.get('error')).to.be.oneOf(['unsupported_response_type', 'unauthorized_client'])
      expect(parameters.has('access_token')).to.equal(false)
    })
  }

  it('A14 names itself as `iss` in every answer, good or bad, and says so in its metadata', async () => {
    const { answer } = await codeFor(server, who.web)
    expect(answer.searchParams.get('iss')).to.equal(server.issuer)
    expect((await errorOf('web', { response_type: 'token' })).iss).to.equal(server.issuer)
    const metadata = (await (await fetch(`${server.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      unknown
    >
    expect(metadata.authorization_response_iss_parameter_supported).to.equal(true)
  })

  for (const [name, values] of Object.entries({
    redirect_uri: [redirectUri, redirectUri],
    client_id: ['web', 'web'],
    scope: ['openid', 'openid notes:read'],
    state: ['a', 'b'],
    code_challenge: [challenge, challenge],
  })) {
    it(`A15 refuses ${name} given twice`, async () => {
      const page = await open('web', { [name]: values })
      const error = page.leftTo
        ? page.leftTo.searchParams.get('error')
        : /invalid_request|invalid_redirect_uri/.exec(page.html)?.[0]
      expect(error).to.be.oneOf(['invalid_request', 'invalid_redirect_uri'])
    })
  }

  describe('what may be asked', () => {
    it('A20 drops a scope that does not exist and a permission that the person’s roles do not allow', async () => {
      const tokens = await tokensFor(server, who.web, { scope: 'openid notes:read notes:delete notes:everything' })
      expect(tokens.scope).to.equal('openid notes:read')
      const claims = JSON.parse(Buffer.from(tokens.access_token!.split('.')[1]!, 'base64url').toString())
      expect(claims.scope).to.equal('openid notes:read')
    })

    it('A20 grants the same permission to somebody whose roles allow it', async () => {
      await server.parts.accounts.add({ email: 'ed@example.com', password, roles: ['editor'] })
      const visitor = createVisitor(server.issuer)
      const { verifier, challenge } = pkce()
      const url = authorizationUrl(server.issuer, 'web', challenge, { scope: 'openid notes:read notes:delete' })
      const answer = await passThrough(visitor, await visitor.open(url), { email: 'ed@example.com' })
      const { body } = await redeem(server, who.web, {
        code: answer.searchParams.get('code')!,
        verifier,
        redirectUri,
        answer,
        visitor,
      })
      expect(body.scope).to.equal('openid notes:read notes:delete')
    })

    for (const [what, resource] of [
      ['an unknown API', 'https://unknown.example.com'],
      ['a fragment', `${api}#x`],
      ['no URI', 'notes'],
    ]) {
      it(`A21 refuses ${what} as resource`, async () => {
        expect((await errorOf('web', { resource })).error).to.equal('invalid_target')
      })
    }
    it('A21 refuses an API that is not the client’s', async () => {
      await server.parts.clients.add({
        id: 'narrow',
        name: 'Narrow',
        kind: 'web',
        redirectUris: [redirectUri],
        apis: { [api]: ['notes:read'] },
      })
      expect((await errorOf('narrow', { resource: otherApi })).error).to.equal('invalid_target')
      expect((await open('narrow', { resource: api })).status).to.equal(200)
    })
    it('A21 lets a request name two APIs and issues a token for one of them at a time', async () => {
      const signed = await codeFor(server, who.web, { resource: [api, otherApi], scope: 'openid notes:read mail:read' })
      const { body } = await redeem(server, who.web, signed, { resource: otherApi })
      const claims = JSON.parse(Buffer.from(body.access_token!.split('.')[1]!, 'base64url').toString())
      expect(claims.aud).to.equal(otherApi)
      expect(claims.scope).to.equal('openid mail:read')
    })
  })

  describe('prompt and age', () => {
    it('A22 answers prompt=none with login_required, and never with a page', async () => {
      expect((await errorOf('web', { prompt: 'none' })).error).to.equal('login_required')
    })
    it('A22 answers prompt=none with a code when nothing is left to ask, and with consent_required when something is', async () => {
      const { visitor } = await codeFor(server, who.web, { scope: 'openid notes:read' })
      const again = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'none' }))
      expect(again.leftTo?.searchParams.has('code')).to.equal(true)
      const more = await visitor.open(
        authorizationUrl(server.issuer, 'web', challenge, { prompt: 'none', scope: 'openid notes:write' }),
      )
      expect(more.leftTo?.searchParams.get('error')).to.equal('consent_required')
    })
    it('A22 refuses prompt=none beside another prompt', async () => {
      expect((await errorOf('web', { prompt: 'none login' })).error).to.equal('invalid_request')
    })
    for (const [name, value] of [
      ['prompt', 'login'],
      ['max_age', '0'],
    ]) {
      it(`A23 asks for the password again at ${name}=${value}, with a new session id and a fresh auth_time`, async () => {
        const { visitor } = await codeFor(server, who.web)
        const session = () => [...visitor.cookies].find(([key]) => key.startsWith('signet_session '))?.[1].value
        const before = session()
        const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { [name as string]: value }))
        expect(page.html).to.include('type="password"')
        const answer = await passThrough(visitor, page)
        expect(answer.searchParams.has('code')).to.equal(true)
        expect(session()).to.not.equal(before)
      })
    }
    it('A23 does not merge another person into the session: the first one is signed out', async () => {
      await server.parts.accounts.add({ email: 'bob@example.com', password })
      const first = await codeFor(server, who.web)
      const { refresh_token: old } = (await redeem(server, who.web, first)).body
      const { verifier, challenge } = pkce()
      const { visitor } = first
      const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'login' }))
      // The library ends the old session by a form that submits itself; without a script it is a button.
      const between = await visitor.submit(page, '/sign-in', { email: 'bob@example.com', password })
      const resumed = await visitor.submit(between, '/session/end/confirm', {})
      const answer = await passThrough(visitor, resumed, { email: 'bob@example.com' })
      const { body } = await redeem(server, who.web, {
        code: answer.searchParams.get('code')!,
        verifier,
        redirectUri,
        answer,
        visitor,
      })
      const subject = JSON.parse(Buffer.from(body.access_token!.split('.')[1]!, 'base64url').toString()).sub
      expect(subject).to.equal((await server.parts.accounts.findByEmail('bob@example.com'))?.id)
      const { status } = await (await import('../support/story.ts')).refresh(server, who.web, old!)
      expect(status, 'the first person’s refresh token').to.equal(400)
    })
  })

  describe('consent', () => {
    const signedIn = async (changes = {}) => {
      const visitor = createVisitor(server.issuer)
      const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, changes))
      return { visitor, page: await visitor.submit(page, '/sign-in', { email: who.email, password }) }
    }

    for (const [what, csrf] of [
      ['without its token', undefined],
      ['with another token', 'A'.repeat(43)],
    ] as const) {
      it(`A24 refuses a consent form ${what}`, async () => {
        const { visitor, page } = await signedIn()
        const answer = await visitor.submit(page, '/consent', { decision: 'allow', csrf })
        expect(answer.status).to.equal(403)
        expect(answer.leftTo).to.equal(undefined)
      })
    }
    it('A24 refuses a consent form sent from another site', async () => {
      const { page } = await signedIn()
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example.com' },
      ] as Record<string, string>[]) {
        const response = await fetch(
          new URL(page.forms.find(({ action }) => action.endsWith('/consent'))!.action, server.issuer),
          {
            method: 'POST',
            headers,
            body: new URLSearchParams({ decision: 'allow' }),
          },
        )
        expect(response.status).to.equal(403)
      }
    })
    it('A24 cannot be skipped by going on without an answer', async () => {
      const { visitor, page } = await signedIn()
      const resumed = await visitor.open(page.url.pathname.replace('/interaction/', '/auth/'))
      expect(resumed.leftTo).to.equal(undefined)
      expect(resumed.status).to.equal(400)
      expect((await visitor.submit(page, '/consent', { decision: 'allow' })).leftTo?.searchParams.has('code')).to.equal(true)
    })
    it('A24 cannot be skipped so by a request that is too long for a cookie either: it begins anew', async () => {
      const { visitor, page } = await signedIn({ state: 'x'.repeat(3_000) })
      const resumed = await visitor.open(page.url.pathname.replace('/interaction/', '/auth/'))
      expect(resumed.leftTo).to.equal(undefined)
      expect(resumed.html).to.include('type="password"')
    })
    it('grants what was ticked, and leaves out what was not', async () => {
      const { verifier, challenge } = pkce()
      const visitor = createVisitor(server.issuer)
      const url = authorizationUrl(server.issuer, 'spa', challenge, { scope: 'openid email notes:read notes:write' })
      const consent = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
      const { leftTo } = await visitor.submit(consent, '/consent', { decision: 'allow', scope: [`${api} notes:read`] })
      const signed = signedFrom(url, leftTo, verifier, visitor)
      const { body } = await redeem(server, who.spa, signed)
      expect(body.scope).to.equal('openid notes:read')
    })
    it('cannot be widened by a form that ticks what was not asked', async () => {
      const { verifier, challenge } = pkce()
      const visitor = createVisitor(server.issuer)
      const url = authorizationUrl(server.issuer, 'native', challenge, { scope: 'openid notes:read' })
      const consent = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
      const ticks = [`${api} notes:read`, `${api} notes:write`, 'email', 'offline_access']
      const { leftTo } = await visitor.submit(consent, '/consent', { decision: 'allow', scope: ticks })
      const signed = signedFrom(url, leftTo, verifier, visitor)
      expect((await redeem(server, who.native, signed)).body.scope).to.equal('openid notes:read')
    })
    it('tells the client when the person says no', async () => {
      const { visitor, page } = await signedIn({ scope: 'openid notes:write' })
      const { leftTo } = await visitor.submit(page, '/consent', { decision: 'deny' })
      expect(leftTo?.searchParams.get('error')).to.equal('access_denied')
      expect(leftTo?.searchParams.get('state')).to.equal('a-state')
    })
    it('A25 shows an interaction to nobody but the browser that began it', async () => {
      const mine = createVisitor(server.issuer)
      const page = await mine.open(authorizationUrl(server.issuer, 'web', challenge))
      expect(page.status).to.equal(200)
      const stranger = createVisitor(server.issuer)
      expect((await stranger.open(page.url)).status).to.equal(400)
      await stranger.open(authorizationUrl(server.issuer, 'web', challenge))
      expect((await stranger.open(page.url)).status, 'with an interaction of its own').to.equal(400)
      expect((await stranger.open(`/auth/${page.url.pathname.split('/')[2]}`)).status, 'resuming').to.equal(400)
    })
  })

  it('A26 answers every form with 303, so that no browser posts a password on', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge))
    const { action, body } = signInPost(page, who.email)
    const response = await visitor.fetch(action, { method: 'POST', body })
    expect(response.status).to.equal(303)
  })

  it('A27 sends no referrer from any of its pages', async () => {
    const { visitor } = await codeFor(server, who.web)
    for (const path of [
      '/',
      '/auth',
      '/session/end',
      '/nothing',
      authorizationUrl(server.issuer, 'web', challenge, { prompt: 'login' }).href,
    ]) {
      expect((await visitor.open(path)).headers.get('referrer-policy'), path).to.equal('no-referrer')
    }
  })

  describe('A28 shows nothing of a request as markup', () => {
    const evil = '"><script>alert(1)</script>'
    const inParameters = ['state', 'login_hint', 'ui_locales', 'scope', 'redirect_uri', 'client_id', 'response_type', 'nonce']
    for (const name of inParameters) {
      it(name, async () => {
        const page = await open('web', { [name]: evil })
        expect(page.html).to.not.include('<script>alert')
        expect(page.headers.get('content-security-policy')).to.match(/script-src 'self'(;|$)/)
      })
    }
    it('nor of a client’s name', async () => {
      await server.parts.clients.add({ id: 'evil', name: evil, kind: 'web', redirectUris: [redirectUri] })
      const page = await open('evil')
      expect(page.html).to.include('&lt;script').and.not.include('<script>alert')
    })
  })
})
