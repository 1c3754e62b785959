/**
 * The Foundation's `oidcc-basic-certification-test-plan`, module by module against a server by `config/conformance.yaml`; openid-client is the
 * client, without PKCE. Written after the suite's descriptions; the suite itself is Java and cannot run here. The same modules with answers
 * by form are in `form-post.test.ts`.
 *
 * Not here, because the suite leaves them out too: `oidcc-idtoken-signature` and `oidcc-idtoken-unsigned` are for registered clients alone, and
 * a server whose metadata does not know unsigned request objects is not asked for them. What it answers all the same stands below.
 */
import { expect } from 'chai'
import { decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { identityScopes } from '../../src/permissions/scopes.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { type ConformanceServer, callback, createSuite, type Suite, startConformanceServer, suite } from './server.ts'
import { person } from './world.ts'

describe('oidcc-basic-certification-test-plan', () => {
  let server: ConformanceServer
  let one: Suite
  let other: Suite
  before(async () => {
    server = await startConformanceServer()
    const [first, second] = server.world.secrets
    one = await createSuite(server, 'suite-1', first)
    other = await createSuite(server, 'suite-2', second)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const visitor = () => createVisitor(server.issuer)
  const errorOf = async (changes: Record<string, string | undefined>, by = visitor()) =>
    one.arrived(await by.open((await one.request(changes)).url))?.searchParams.get('error')
  const pageOf = async (changes: Record<string, string | undefined>, by = visitor()) => by.open((await one.request(changes)).url)
  const userinfo = (token: string, sub = server.subject) => client.fetchUserInfo(one.config, token, sub)
  const userinfoUrl = () => one.config.serverMetadata().userinfo_endpoint as string
  const unsigned = (claims: object) =>
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`

  it('oidcc-server', async () => {
    const { tokens, claims, back } = await one.signIn()
    expect(back.searchParams.get('iss')).to.equal(server.issuer)
    expect(claims).to.include({ iss: server.issuer, sub: server.subject, aud: 'suite-1' })
    expect(decodeProtectedHeader(tokens.id_token!)).to.include({ alg: 'RS256' }).and.have.property('kid')
    const keys = (await (await fetch(one.config.serverMetadata().jwks_uri!)).json()) as { keys: { kid: string }[] }
    const kids = keys.keys.map(({ kid }) => kid)
    expect(new Set(kids).size).to.equal(kids.length)
    await other.signIn()
  })

  it('oidcc-response-type-missing', async () => {
    const page = await pageOf({ response_type: undefined })
    const back = one.arrived(page)
    if (back) expect(back.searchParams.get('error')).to.be.oneOf(['invalid_request', 'unsupported_response_type'])
    else expect([page.status, page.html.includes('response_type')]).to.deep.equal([400, true])
  })

  it('oidcc-userinfo-get', async () => {
    const { tokens } = await one.signIn()
    expect(await userinfo(tokens.access_token)).to.deep.equal({ sub: server.subject })
  })
  for (const [module, init] of [
    ['oidcc-userinfo-post-header', (token: string) => ({ headers: { authorization: `Bearer ${token}` } })],
    ['oidcc-userinfo-post-body', (token: string) => ({ body: new URLSearchParams({ access_token: token }) })],
  ] as [string, (token: string) => RequestInit][]) {
    it(module, async () => {
      const { tokens } = await one.signIn()
      const response = await fetch(userinfoUrl(), { method: 'POST', ...init(tokens.access_token) })
      expect(response.status).to.equal(200)
      expect(await response.json()).to.deep.equal({ sub: server.subject })
    })
  }

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    expect((await one.signIn({ nonce: undefined })).claims).to.not.have.property('nonce')
  })

  for (const [module, scopes] of Object.entries({
    'oidcc-scope-profile': ['profile'],
    'oidcc-scope-email': ['email'],
    'oidcc-scope-address': ['address'],
    'oidcc-scope-phone': ['phone'],
    'oidcc-scope-all': ['address', 'email', 'phone', 'profile'],
  })) {
    it(module, async () => {
      const { tokens } = await one.signIn({ scope: ['openid', ...scopes].join(' ') })
      const released = scopes.flatMap((scope) => Object.keys(identityScopes[scope]!.claims))
      const said = await userinfo(tokens.access_token)
      expect(Object.keys(said)).to.have.members(['sub', ...released])
      if (scopes.includes('address')) expect(said.address).to.deep.equal(person.claims.address)
    })
  }

  it('oidcc-alternate-happy-flow', async () => {
    const { url, checks } = await one.request({ scope: 'profile openid' })
    url.search = String(new URLSearchParams([...url.searchParams].reverse()))
    const tokens = await client.authorizationCodeGrant(one.config, await one.authorize(url), checks)
    expect(tokens.scope?.split(' ')).to.have.members(['openid', 'profile'])
  })

  for (const [module, changes] of Object.entries({
    'oidcc-display-page': { display: 'page' },
    'oidcc-display-popup': { display: 'popup' },
    'oidcc-ensure-request-with-unknown-parameter-succeeds': { extra: 'foobar' },
    'oidcc-ui-locales': { ui_locales: 'se' },
    'oidcc-claims-locales': { claims_locales: 'se' },
  })) {
    it(module, async () => expect((await one.signIn(changes)).claims.sub).to.equal(server.subject))
  }

  it('oidcc-prompt-login', async () => {
    const first = await one.signIn({ max_age: '15000' })
    travel(2)
    expect((await pageOf({ prompt: 'login' }, first.visitor)).html).to.include('type="password"')
    const second = await one.signIn({ prompt: 'login', max_age: '15000' }, first.visitor)
    expect(second.claims.auth_time).to.be.greaterThan(first.claims.auth_time as number)
  })
  it('oidcc-prompt-none-not-logged-in', async () => expect(await errorOf({ prompt: 'none' })).to.equal('login_required'))
  it('oidcc-prompt-none-logged-in', async () => {
    const first = await one.signIn()
    const { url } = await one.request({ prompt: 'none' })
    expect(one.arrived(await first.visitor.open(url))?.searchParams.get('code')).to.be.a('string')
    expect((await one.signIn({ prompt: 'none' }, first.visitor)).claims.sub).to.equal(first.claims.sub)
  })

  it('oidcc-max-age-1', async () => {
    const first = await one.signIn()
    travel(2)
    expect((await pageOf({ max_age: '1' }, first.visitor)).html).to.include('type="password"')
    const second = await one.signIn({ max_age: '1' }, first.visitor)
    expect(second.claims.auth_time).to.be.a('number')
    expect(second.claims.sub).to.equal(first.claims.sub)
  })
  it('oidcc-max-age-10000', async () => {
    const first = await one.signIn({ max_age: '15000' })
    const { url } = await one.request({ max_age: '10000' })
    expect(one.arrived(await first.visitor.open(url)), 'no page').to.not.equal(undefined)
    const second = await one.signIn({ max_age: '10000' }, first.visitor)
    expect(second.claims.auth_time).to.equal(first.claims.auth_time)
  })

  it('oidcc-id-token-hint', async () => {
    const first = await one.signIn()
    const second = await one.signIn({ prompt: 'none', id_token_hint: first.tokens.id_token! }, first.visitor)
    expect(second.claims.sub).to.equal(first.claims.sub)
  })
  it('oidcc-login-hint', async () => {
    const { html } = await pageOf({ login_hint: person.email })
    expect(html).to.include(`value="${person.email}"`)
    expect((await one.signIn({ login_hint: person.email })).claims.sub).to.equal(server.subject)
  })
  it('oidcc-ensure-request-with-acr-values-succeeds', async () => {
    const acrs = one.config.serverMetadata().acr_values_supported as string[]
    expect(acrs).to.have.length(2)
    for (const acr_values of [acrs.join(' '), [...acrs].reverse().join(' ')])
      expect((await one.signIn({ acr_values })).claims.acr).to.equal(acr_values.split(' ')[0])
  })

  const reuse = ({ back, checks }: Awaited<ReturnType<Suite['signIn']>>) =>
    client.authorizationCodeGrant(one.config, back, checks).then(
      () => 'accepted',
      ({ error }) => error,
    )
  it('oidcc-codereuse', async () => expect(await reuse(await one.signIn())).to.equal('invalid_grant'))
  it('oidcc-codereuse-30seconds', async () => {
    const signed = await one.signIn()
    expect((await userinfo(signed.tokens.access_token)).sub).to.equal(server.subject)
    travel(30)
    expect(await reuse(signed)).to.equal('invalid_grant')
    const refused = await userinfo(signed.tokens.access_token).catch((error) => error)
    expect(refused.status, 'and the access token with it').to.equal(401)
  })

  it('oidcc-ensure-registered-redirect-uri', async () => {
    const page = await pageOf({ redirect_uri: `${callback}/unregistered` })
    expect([page.status, one.arrived(page)]).to.deep.equal([400, undefined])
    expect(page.html).to.include('redirect_uri')
  })

  it('oidcc-ensure-post-request-succeeds', async () => {
    const { url, checks } = await one.request()
    const by = visitor()
    const response = await by.fetch(url.pathname, { method: 'POST', body: url.searchParams })
    expect(response.status).to.equal(303)
    const back = await one.authorize(new URL(response.headers.get('location')!, url), by)
    expect((await client.authorizationCodeGrant(one.config, back, checks)).claims()?.sub).to.equal(server.subject)
  })

  it('oidcc-server-client-secret-post', async () => {
    const [secret] = server.world.secrets
    const posting = await createSuite(server, 'suite-post', secret, { authentication: client.ClientSecretPost(secret) })
    const { tokens, claims } = await posting.signIn()
    expect((await userinfo(tokens.access_token, claims.sub)).sub).to.equal(server.subject)
  })

  it('oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    expect(one.config.serverMetadata().request_uri_parameter_supported).to.equal(false)
    expect(await errorOf({ request_uri: `${suite}/requesturi` })).to.be.oneOf([
      'request_uri_not_supported',
      'invalid_request_uri',
    ])
  })
  it('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    expect(one.config.serverMetadata().request_object_signing_alg_values_supported).to.not.include('none')
    expect(await errorOf({ request: unsigned({ client_id: 'suite-1', scope: 'openid' }) })).to.be.oneOf([
      'request_not_supported',
      'invalid_request_object',
    ])
  })
  it('oidcc-ensure-request-object-with-redirect-uri', async () => {
    const page = await pageOf({
      redirect_uri: `${callback}/unregistered`,
      request: unsigned({ client_id: 'suite-1', redirect_uri: callback }),
    })
    expect([page.status, one.arrived(page)]).to.deep.equal([400, undefined])
  })

  it('oidcc-claims-essential', async () => {
    const { tokens } = await one.signIn({ claims: JSON.stringify({ userinfo: { name: { essential: true } } }) })
    expect(await userinfo(tokens.access_token)).to.deep.equal({ sub: server.subject, name: 'Ada Lovelace' })
  })

  it('oidcc-refresh-token', async () => {
    const offline = { scope: 'openid offline_access', prompt: 'consent' }
    const { tokens, claims } = await one.signIn(offline)
    const next = await client.refreshTokenGrant(one.config, tokens.refresh_token!)
    const { iss, sub, aud, auth_time } = next.claims()!
    expect({ iss, sub, aud, auth_time }).to.deep.equal({
      iss: claims.iss,
      sub: claims.sub,
      aud: claims.aud,
      auth_time: claims.auth_time,
    })
    expect(next.access_token).to.not.equal(tokens.access_token)
    expect((await userinfo(next.access_token)).sub).to.equal(server.subject)
    const theirs = (await other.signIn(offline)).tokens.refresh_token!
    const refused = await client.refreshTokenGrant(one.config, theirs).catch((error) => error)
    expect([refused.status, refused.error]).to.deep.equal([400, 'invalid_grant'])
  })

  it('oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier)
    const challenged = await one.request({ code_challenge, code_challenge_method: 'S256' })
    const back = await one.authorize(challenged.url)
    const tokens = await client.authorizationCodeGrant(one.config, back, { ...challenged.checks, pkceCodeVerifier })
    expect(tokens.claims()?.sub).to.equal(server.subject)
  })

  it('the control: a client that is not exempt from PKCE is not let through without', async () => {
    const strict = await createSuite(server, 'suite-pkce', server.world.secrets[0])
    const back = await strict.authorize((await strict.request()).url)
    expect(back.searchParams.get('error')).to.equal('invalid_request')
  })
})
