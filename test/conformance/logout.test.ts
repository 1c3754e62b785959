/**
 * The OpenID Foundation's plans for logout, module by module: `oidcc-rp-initiated-logout-certification-test-plan` and
 * `oidcc-backchannel-rp-initiated-logout-certification-test-plan`, with what each demands of the server. Where a module wants a page that a
 * person looks at, the page is judged by what stands on it. Written after the suite's descriptions; the suite itself cannot run here.
 */
import { expect } from 'chai'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { type LogoutEndpoint, startLogoutEndpoint, verifyLogoutToken } from '../support/logout-endpoint.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Credentials, codeFor, password, pkce, redeem } from '../support/story.ts'

const callback = 'https://suite.example.com/test/a/signet/callback'
const goodbye = 'https://suite.example.com/test/a/signet/post_logout_redirect'

describe('the Foundation’s plans for logout', () => {
  let server: TestServer
  let party: LogoutEndpoint
  let client: Credentials
  let visitor: Visitor
  let idToken: string

  before(async () => {
    party = await startLogoutEndpoint()
    server = await startTestServer({ settings: { outgoing: { allowPrivateNetworks: true } } })
    await server.parts.accounts.add({ email: 'ada@example.com', password })
    const { secret } = await server.parts.clients.add({
      id: 'suite',
      name: 'The suite',
      kind: 'web',
      redirectUris: [callback],
      postLogoutRedirectUris: [goodbye],
      apis: { [api]: ['notes:read'] },
      pkceExempt: true,
      backchannelLogoutUri: party.uri,
      backchannelLogoutSessionRequired: true,
    })
    client = { id: 'suite', secret }
  })
  beforeEach(async () => {
    party.received.length = 0
    visitor = createVisitor(server.issuer)
    const signed = await codeFor(server, client, { redirect_uri: callback, scope: 'openid' }, visitor)
    idToken = (await redeem(server, client, signed)).body.id_token as string
  })
  after(() => Promise.all([server.close(), party.close()]))

  /** A logout request as the suite sends it, but for what a module changes; `undefined` leaves a parameter out. */
  async function endSession(changes: Record<string, string | undefined> = {}): Promise<Page> {
    const parameters = { id_token_hint: idToken, post_logout_redirect_uri: goodbye, state: 'a-state', ...changes }
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
    return visitor.open(`/session/end?${query}`)
  }
  const confirm = (page: Page) => visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
  async function expectSignedIn(expected: boolean) {
    const url = authorizationUrl(server.issuer, client.id, pkce().challenge, {
      redirect_uri: callback,
      scope: 'openid',
      prompt: 'none',
    })
    const answer = (await visitor.open(url)).leftTo?.searchParams
    expect(answer?.has('code')).to.equal(expected)
    if (!expected) expect(answer?.get('error')).to.equal('login_required')
  }
  /** The person is asked, or told what is wrong; nothing leads back, not even when they confirm. */
  async function expectNoWayBack(page: Page) {
    expect(page.leftTo).to.equal(undefined)
    if (page.status === 200) expect((await confirm(page)).leftTo).to.equal(undefined)
    else expect([page.status, page.headers.get('content-type')]).to.deep.equal([400, 'text/html; charset=utf-8'])
  }
  async function expectSignedOutPage(page: Page) {
    const done = await confirm(page)
    expect(done.leftTo).to.equal(undefined)
    expect(done.status).to.equal(200)
    expect(done.html).to.match(/signed out/i)
    await expectSignedIn(false)
  }

  it('oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).to.include({ end_session_endpoint: `${server.issuer}/session/end` })
  })
  it('oidcc-rp-initiated-logout', async () => {
    await expectSignedIn(true)
    const done = await confirm(await endSession())
    expect(done.leftTo?.href).to.equal(`${goodbye}?state=a-state`)
    await expectSignedIn(false)
  })
  it('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri', async () => {
    await expectNoWayBack(await endSession({ post_logout_redirect_uri: `${goodbye}/unregistered` }))
  })
  it('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri', async () => {
    await expectNoWayBack(await endSession({ post_logout_redirect_uri: `${goodbye}?foo=bar` }))
  })
  it('oidcc-rp-initiated-logout-modified-id-token-hint', async () => {
    const [, claims] = idToken.split('.')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`
    await expectNoWayBack(await endSession({ id_token_hint: unsigned }))
  })
  it('oidcc-rp-initiated-logout-bad-id-token-hint', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const forged = await new SignJWT(decodeJwt(idToken)).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
    await expectNoWayBack(await endSession({ id_token_hint: forged }))
  })
  it('oidcc-rp-initiated-logout-no-id-token-hint', async () => {
    await expectNoWayBack(await endSession({ id_token_hint: undefined }))
  })
  it('oidcc-rp-initiated-logout-no-params', async () => {
    await expectSignedOutPage(
      await endSession({ id_token_hint: undefined, post_logout_redirect_uri: undefined, state: undefined }),
    )
  })
  it('oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => {
    await expectSignedOutPage(await endSession({ post_logout_redirect_uri: undefined }))
  })
  it('oidcc-rp-initiated-logout-only-state', async () => {
    await expectSignedOutPage(await endSession({ id_token_hint: undefined, post_logout_redirect_uri: undefined }))
  })
  it('oidcc-rp-initiated-logout-no-state', async () => {
    const done = await confirm(await endSession({ state: undefined }))
    expect(done.leftTo?.href).to.equal(goodbye)
    await expectSignedIn(false)
  })

  it('oidcc-backchannel-logout-discovery-endpoint-verification', async () => {
    const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).to.include({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      end_session_endpoint: `${server.issuer}/session/end`,
    })
  })
  it('oidcc-backchannel-rp-initiated-logout', async () => {
    const told = party.next()
    const done = await confirm(await endSession())
    expect(done.leftTo?.href).to.equal(`${goodbye}?state=a-state`)
    const { token, body } = await told
    const { payload } = await verifyLogoutToken(token, server.issuer, client.id)
    const { sub, sid } = decodeJwt(idToken)
    expect(payload)
      .to.include({ iss: server.issuer, aud: client.id, sub, sid })
      .and.have.all.keys(['iss', 'aud', 'sub', 'sid', 'iat', 'exp', 'jti', 'events'])
    expect(payload.events).to.deep.equal({ 'http://schemas.openid.net/event/backchannel-logout': {} })
    expect([...body.keys()]).to.deep.equal(['logout_token'])
    await expectSignedIn(false)
  })
})
