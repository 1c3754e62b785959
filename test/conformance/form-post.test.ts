/**
 * The OpenID Foundation's `oidcc-formpost-basic-certification-test-plan`: the modules of the basic plan whose answer comes back as a form, each
 * by its name, with openid-client as the client. Written after the suite's descriptions; the suite itself cannot run here.
 *
 * Not here: `oidcc-idtoken-unsigned`, which the suite skips where `none` is not supported.
 */
import { hash } from 'node:crypto'
import { expect } from 'chai'
import { decodeProtectedHeader, UnsecuredJWT } from 'jose'
import * as client from 'openid-client'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { formAnswer, type Posted } from '../support/form-post.ts'
import { addKeyed, configured, type Keyed, refused, requestParameters } from '../support/keyed.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { password } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { person } from './world.ts'

const callback = 'https://suite.example.com/test/a/signet/callback'
const acr = 'urn:signet:acr:password'
const { address, phone_number, phone_number_verified } = person.claims

describe('the Foundation’s plan for form post', () => {
  let server: TestServer
  let subject: string
  let config: client.Configuration
  let byPost: client.Configuration
  let keyed: Keyed

  before(async () => {
    server = await startTestServer()
    subject = (await server.parts.accounts.add({ email: 'ada@example.com', name: 'Ada', password })).id
    await server.parts.accounts.setClaims('ada@example.com', { address, phone_number, phone_number_verified })
    const { secret } = await server.parts.clients.add({ id: 'suite', name: 'The suite', kind: 'web', redirectUris: [callback] })
    const as = (authentication: client.ClientAuth) =>
      client.discovery(new URL(server.issuer), 'suite', undefined, authentication, { execute: [client.allowInsecureRequests] })
    config = await as(client.ClientSecretBasic(secret))
    byPost = await as(client.ClientSecretPost(secret))
    keyed = await addKeyed(server, 'keyed', { redirectUris: [callback] })
  })
  afterEach(returnToPresent)
  after(() => server.close())

  interface Answered extends Posted {
    checks: client.AuthorizationCodeGrantChecks
    visitor: Visitor
    first: Page
  }

  async function answered(
    changes: Record<string, string | undefined> = {},
    {
      visitor = createVisitor(server.issuer),
      by = config,
      allow,
    }: { visitor?: Visitor; by?: client.Configuration; allow?: boolean } = {},
  ): Promise<Answered> {
    const common = { redirect_uri: callback, response_mode: 'form_post', scope: 'openid' }
    const { parameters, checks } = await requestParameters({ ...common, ...changes })
    const first = await visitor.open(client.buildAuthorizationUrl(by, parameters))
    const posted = await formAnswer(visitor, first, { callback, allow })
    const expectedNonce = 'nonce' in changes ? changes.nonce : checks.expectedNonce
    return { ...posted, checks: { ...checks, expectedNonce, idTokenExpected: true }, visitor, first }
  }
  const redeem = async (given: Answered, by = config) => client.authorizationCodeGrant(by, given.request, given.checks)
  const signIn = async (...request: Parameters<typeof answered>) => {
    const given = await answered(...request)
    const tokens = await redeem(given, request[1]?.by)
    return { ...given, tokens, claims: tokens.claims() as client.IDToken }
  }
  /** OpenID Connect Core s2: with `max_age`, an ID token says when. */
  const timed = { max_age: '10000' }
  const asksForPassword = ({ forms }: Page) => forms.some(({ action }) => action.endsWith('/sign-in'))

  it('oidcc-server', async () => {
    const { fields, claims, policy, status } = await signIn()
    expect(Object.keys(fields)).to.have.members(['code', 'state', 'iss'])
    expect(fields.iss).to.equal(server.issuer)
    expect(status).to.equal(200)
    // The page's one script is let run by its digest, and the form may leave.
    expect(policy)
      .to.match(/script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'/)
      .and.not.match(/unsafe|form-action/)
    expect(claims.sub).to.equal(subject)
  })

  it('shows a page whose script is the one that its policy names', async () => {
    const visitor = createVisitor(server.issuer)
    await signIn({}, { visitor })
    const { parameters } = await requestParameters({ redirect_uri: callback, response_mode: 'form_post', scope: 'openid' })
    const { html, headers } = await visitor.open(client.buildAuthorizationUrl(config, parameters))
    const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] as string
    expect(headers.get('content-security-policy')).to.contain(`'sha256-${hash('sha256', script, 'base64')}'`)
    expect(html).to.match(/<noscript>[\s\S]*<button[^>]*type="submit"/)
  })

  it('A28 writes nothing of the request into the page but as text', async () => {
    const state = '"><script>alert(1)</script>'
    const given = await answered({ state })
    expect(given.fields.state).to.equal(state)
    expect(await redeem({ ...given, checks: { ...given.checks, expectedState: state } })).to.have.property('access_token')
  })

  it('is told by a form that the person said no', async () => {
    const given = await answered({ prompt: 'consent' }, { allow: false })
    expect(given.fields).to.include({ error: 'access_denied', iss: server.issuer, state: given.checks.expectedState as string })
    expect(await refused(redeem(given))).to.equal('access_denied')
  })

  it('is given a signed answer in a form (form_post.jwt)', async () => {
    const given = await answered({ response_mode: 'form_post.jwt' })
    expect(Object.keys(given.fields)).to.deep.equal(['response'])
    expect(decodeProtectedHeader(given.fields.response as string).alg).to.equal('ES256')
  })

  it('oidcc-response-type-missing', async () => {
    const { parameters } = await requestParameters({ redirect_uri: callback, response_mode: 'form_post', scope: 'openid' })
    const url = client.buildAuthorizationUrl(config, parameters)
    url.searchParams.delete('response_type')
    const visitor = createVisitor(server.issuer)
    const { fields } = await formAnswer(visitor, await visitor.open(url), { callback })
    expect(fields.error).to.equal('invalid_request')
  })

  it('oidcc-idtoken-signature', async () => {
    const { tokens } = await signIn()
    const { alg, kid } = decodeProtectedHeader(tokens.id_token as string)
    const { keys } = (await (await fetch(`${server.issuer}/.well-known/jwks.json`)).json()) as { keys: Record<string, string>[] }
    expect(keys.filter((key) => key.kid === kid && key.alg === alg)).to.have.length(1)
  })

  for (const [module, method, how] of [
    ['oidcc-userinfo-get', 'GET', 'header'],
    ['oidcc-userinfo-post-header', 'POST', 'header'],
    ['oidcc-userinfo-post-body', 'POST', 'body'],
  ] as const) {
    it(module, async () => {
      const { access_token: token } = (await signIn()).tokens
      const init =
        how === 'body'
          ? { body: new URLSearchParams({ access_token: token }) }
          : { headers: { authorization: `Bearer ${token}` } }
      const response = await fetch(`${server.issuer}/userinfo`, { method, ...init })
      expect(await response.json()).to.deep.equal({ sub: subject })
    })
  }

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { claims } = await signIn({ nonce: undefined })
    expect(claims).not.to.have.property('nonce')
  })

  for (const [module, scope, members] of [
    ['oidcc-scope-profile', 'openid profile', { name: 'Ada' }],
    ['oidcc-scope-email', 'openid email', { email: 'ada@example.com', email_verified: false }],
    ['oidcc-scope-address', 'openid address', { address }],
    ['oidcc-scope-phone', 'openid phone', { phone_number, phone_number_verified }],
    ['oidcc-scope-all', 'openid profile email address phone', { name: 'Ada', email: 'ada@example.com', address, phone_number }],
  ] as const) {
    it(module, async () => {
      const { tokens } = await signIn({ scope })
      expect(await client.fetchUserInfo(config, tokens.access_token, subject)).to.deep.include(members)
    })
  }

  for (const [module, changes] of [
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
    ['oidcc-ensure-request-with-valid-pkce-succeeds', {}],
  ] as [string, Record<string, string>][]) {
    it(module, async () => expect((await signIn(changes)).claims.sub).to.equal(subject))
  }

  it('oidcc-login-hint', async () => {
    const { first, claims } = await signIn({ login_hint: 'ada@example.com' })
    expect(first.html).to.contain('value="ada@example.com"')
    expect(claims.sub).to.equal(subject)
  })

  it('oidcc-ensure-request-with-acr-values-succeeds', async () =>
    expect((await signIn({ acr_values: acr })).claims.acr).to.equal(acr))

  it('oidcc-claims-essential', async () => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } })
    const { tokens } = await signIn({ claims })
    expect(await client.fetchUserInfo(config, tokens.access_token, subject)).to.include({ name: 'Ada' })
  })

  it('oidcc-prompt-login', async () => {
    const before = await signIn(timed)
    travel(2)
    const again = await signIn({ ...timed, prompt: 'login' }, { visitor: before.visitor })
    expect(asksForPassword(again.first)).to.equal(true)
    expect(again.claims.auth_time).to.be.greaterThan(before.claims.auth_time as number)
  })

  it('oidcc-prompt-none-not-logged-in', async () => {
    const { fields, status } = await answered({ prompt: 'none' })
    expect(fields.error).to.equal('login_required')
    expect(status).to.equal(400)
  })

  it('oidcc-prompt-none-logged-in', async () => {
    const before = await signIn(timed)
    const again = await signIn({ ...timed, prompt: 'none' }, { visitor: before.visitor })
    expect([again.claims.sub, again.claims.auth_time]).to.deep.equal([subject, before.claims.auth_time])
  })

  it('oidcc-max-age-1', async () => {
    const before = await signIn(timed)
    travel(2)
    const again = await signIn({ max_age: '1' }, { visitor: before.visitor })
    expect(asksForPassword(again.first)).to.equal(true)
    expect(again.claims.auth_time).to.be.greaterThan(before.claims.auth_time as number)
  })

  it('oidcc-max-age-10000', async () => {
    const before = await signIn(timed)
    const again = await signIn({ max_age: '10000' }, { visitor: before.visitor })
    expect(asksForPassword(again.first)).to.equal(false)
    expect(again.claims.auth_time).to.equal(before.claims.auth_time)
  })

  it('oidcc-id-token-hint', async () => {
    const before = await signIn()
    const hint = { prompt: 'none', id_token_hint: before.tokens.id_token as string }
    expect((await signIn(hint, { visitor: before.visitor })).claims.sub).to.equal(subject)
  })

  for (const [module, after] of [
    ['oidcc-codereuse', 0],
    ['oidcc-codereuse-30seconds', 30],
  ] as const) {
    it(module, async () => {
      const given = await answered()
      const again = { ...given, request: given.request.clone() }
      await redeem(given)
      travel(after)
      expect(await refused(redeem(again))).to.equal('invalid_grant')
    })
  }

  it('oidcc-ensure-registered-redirect-uri', async () => {
    const { parameters } = await requestParameters({
      redirect_uri: `${callback}/other`,
      response_mode: 'form_post',
      scope: 'openid',
    })
    const page = await createVisitor(server.issuer).open(client.buildAuthorizationUrl(config, parameters))
    expect([page.status, page.leftTo, page.forms]).to.deep.equal([400, undefined, []])
  })

  it('oidcc-ensure-post-request-succeeds', async () => {
    const common = { redirect_uri: callback, response_mode: 'form_post', scope: 'openid' }
    const { parameters, checks } = await requestParameters(common)
    const visitor = createVisitor(server.issuer)
    await signIn({}, { visitor })
    const body = client.buildAuthorizationUrl(config, parameters).searchParams
    const response = await visitor.fetch('/auth', { method: 'POST', body })
    expect(response.status).to.equal(303)
    const { request } = await formAnswer(visitor, await visitor.open(response.headers.get('location') as string), { callback })
    expect((await client.authorizationCodeGrant(config, request, checks)).claims()?.sub).to.equal(subject)
    body.append('state', 'another')
    const twice = await visitor.fetch('/auth', { method: 'POST', body })
    const page = await visitor.open(twice.headers.get('location') as string)
    expect((await formAnswer(visitor, page, { callback })).fields.error).to.equal('invalid_request')
    body.set('state', 's'.repeat(9_000))
    const long = await visitor.fetch('/auth', { method: 'POST', body })
    expect((await visitor.open(long.headers.get('location') as string)).status).to.equal(414)
    expect((await visitor.fetch('/auth', { method: 'POST', body: '{}' })).status).to.equal(415)
  })

  it('oidcc-server-client-secret-post', async () => expect((await signIn({}, { by: byPost })).claims.sub).to.equal(subject))

  it('oidcc-refresh-token', async () => {
    const { tokens } = await signIn()
    const next = await client.refreshTokenGrant(config, tokens.refresh_token as string)
    expect(next.claims()?.sub).to.equal(subject)
  })

  it('oidcc-ensure-request-object-with-redirect-uri', async () => {
    const own = await configured(server, keyed)
    const { parameters, checks } = await requestParameters({
      redirect_uri: callback,
      response_mode: 'form_post',
      scope: 'openid',
    })
    const url = await client.buildAuthorizationUrlWithJAR(own, parameters, {
      key: keyed.key.privateKey,
      kid: keyed.key.thumbprint,
    })
    const visitor = createVisitor(server.issuer)
    const { request } = await formAnswer(visitor, await visitor.open(url), { callback })
    expect((await client.authorizationCodeGrant(own, request, checks)).id_token).to.be.a('string')
  })

  it('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    const { parameters } = await requestParameters({ redirect_uri: callback, response_mode: 'form_post', scope: 'openid' })
    const url = client.buildAuthorizationUrl(config, parameters)
    url.searchParams.set('request', new UnsecuredJWT({ ...parameters, client_id: 'suite' }).setIssuer('suite').encode())
    const visitor = createVisitor(server.issuer)
    expect((await formAnswer(visitor, await visitor.open(url), { callback })).fields.error).to.equal('invalid_request_object')
  })

  it('oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    expect(config.serverMetadata().request_uri_parameter_supported).to.equal(false)
    const { parameters } = await requestParameters({ redirect_uri: callback, response_mode: 'form_post', scope: 'openid' })
    const url = client.buildAuthorizationUrl(config, { ...parameters, request_uri: 'https://suite.example.com/request' })
    const visitor = createVisitor(server.issuer)
    expect((await formAnswer(visitor, await visitor.open(url), { callback })).fields.error).to.equal('request_uri_not_supported')
  })

  it('oidcc-alternate-happy-flow', async () => {
    // What a client may do otherwise and still be right: no state, and its parameters in another order.
    const { parameters, checks } = await requestParameters({
      state: undefined,
      redirect_uri: callback,
      response_mode: 'form_post',
      scope: 'openid',
    })
    const url = client.buildAuthorizationUrl(config, Object.fromEntries(Object.entries(parameters).reverse()))
    const visitor = createVisitor(server.issuer)
    const { request, fields } = await formAnswer(visitor, await visitor.open(url), { callback })
    expect(fields).not.to.have.property('state')
    const { pkceCodeVerifier, expectedNonce } = checks
    expect(await client.authorizationCodeGrant(config, request, { pkceCodeVerifier, expectedNonce })).to.have.property('id_token')
  })
})
