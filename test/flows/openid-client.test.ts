/** The second client that nobody here wrote: openid-client, through what a relying party does every day, the good way and the bad. */
import { expect } from 'chai'
import * as client from 'openid-client'
import { createVisitor } from '../../src/try/visitor.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, passThrough, redirectUri } from '../support/story.ts'

describe('openid-client', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  const configured = (id: keyof Cast, authentication?: client.ClientAuth) =>
    client.discovery(new URL(server.issuer), id, undefined, authentication, { execute: [client.allowInsecureRequests] })
  const secretOf = (id: 'web' | 'machine') => who[id].secret as string

  /** Sends a person through and comes back with everything that the callback needs. */
  async function sent(config: client.Configuration, changes: Record<string, string> = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()]
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid email notes:read',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...changes,
    })
    const visitor = createVisitor(server.issuer)
    const callback = await passThrough(visitor, await visitor.open(url))
    return { callback, checks: { pkceCodeVerifier, expectedState, expectedNonce } }
  }

  /** What the library says of a refusal by this server. */
  const refused = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'accepted',
      ({ error, code }) => error ?? code,
    )

  it('signs a person in by secret in the header and in the body, and refreshes', async () => {
    for (const authentication of [client.ClientSecretBasic(secretOf('web')), client.ClientSecretPost(secretOf('web'))]) {
      const config = await configured('web', authentication)
      const { callback, checks } = await sent(config)
      const tokens = await client.authorizationCodeGrant(config, callback, { ...checks, idTokenExpected: true })
      expect(tokens.claims()?.sub).to.equal(who.subject)
      expect(await client.fetchUserInfo(config, tokens.access_token, who.subject)).to.include({ email: who.email })
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token as string)
      expect(refreshed.scope).to.equal('openid email notes:read')
    }
  })

  it('is refused with a wrong secret, and told how to authenticate', async () => {
    const config = await configured('machine', client.ClientSecretBasic('wrong'))
    const error = await client.clientCredentialsGrant(config).catch((cause) => cause)
    expect(error).to.be.instanceOf(client.WWWAuthenticateChallengeError).and.include({ status: 401 })
    const good = await configured('machine', client.ClientSecretBasic(secretOf('machine')))
    expect(await client.clientCredentialsGrant(good)).to.include({ token_type: 'bearer' })
  })

  it('is refused with the verifier of another request (RFC 7636)', async () => {
    const config = await configured('web', client.ClientSecretBasic(secretOf('web')))
    const { callback, checks } = await sent(config)
    const other = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
    expect(await refused(client.authorizationCodeGrant(config, callback, other))).to.equal('invalid_grant')
  })

  it('finds the issuer in the answer, and takes no answer of another (RFC 9207)', async () => {
    const config = await configured('web', client.ClientSecretBasic(secretOf('web')))
    expect(config.serverMetadata().authorization_response_iss_parameter_supported).to.equal(true)
    const { callback, checks } = await sent(config)
    const mixedUp = new URL(callback)
    mixedUp.searchParams.set('iss', 'https://attacker.example')
    expect(await refused(client.authorizationCodeGrant(config, mixedUp, checks))).to.equal('OAUTH_INVALID_RESPONSE')
    expect(await refused(client.authorizationCodeGrant(config, callback, checks))).to.equal('accepted')
  })

  it('gets a token for the API that it names, and for no other (RFC 8707)', async () => {
    const config = await configured('web', client.ClientSecretBasic(secretOf('web')))
    const { callback, checks } = await sent(config, { resource: otherApi, scope: 'openid mail:read' })
    const tokens = await client.authorizationCodeGrant(config, callback, checks, { resource: otherApi })
    expect(tokens.scope).to.equal('openid mail:read')
    const elsewhere = client.refreshTokenGrant(config, tokens.refresh_token as string, { resource: api })
    expect(await refused(elsewhere)).to.equal('invalid_target')
  })

  it('hears that the person said no', async () => {
    const config = await configured('web', client.ClientSecretBasic(secretOf('web')))
    const visitor = createVisitor(server.issuer)
    const state = client.randomState()
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid',
      state,
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    })
    const callback = await passThrough(visitor, await visitor.open(url), { allow: false })
    const error = await client.authorizationCodeGrant(config, callback, { expectedState: state }).catch((cause) => cause)
    expect(error).to.be.instanceOf(client.AuthorizationResponseError).and.include({ error: 'access_denied' })
  })

  it('signs a person in as an app on a loopback port of its own (RFC 8252)', async () => {
    const config = await configured('native', client.None())
    const { callback, checks } = await sent(config, { redirect_uri: 'http://127.0.0.1:49152/callback' })
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    expect(tokens.claims()?.sub).to.equal(who.subject)
    const { refresh_token: refreshToken } = tokens
    await client.refreshTokenGrant(config, refreshToken as string)
  })

  it('says goodbye with a hint and a state', async () => {
    const config = await configured('web', client.ClientSecretBasic(secretOf('web')))
    const { callback, checks } = await sent(config)
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    const goodbye = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token as string,
      post_logout_redirect_uri: 'https://app.example.com/bye',
      state: 'farewell',
    })
    const page = await createVisitor(server.issuer).open(goodbye)
    expect(page.status).to.equal(200)
    const unknown = new URL(goodbye)
    unknown.searchParams.set('post_logout_redirect_uri', 'https://attacker.example/')
    expect((await createVisitor(server.issuer).open(unknown)).status).to.equal(400)
  })
})
