/** A client and a resource server that nobody here wrote, by the letter of the standards: oauth4webapi through the whole flow. */
import { expect } from 'chai'
import * as oauth from 'oauth4webapi'
import { createVisitor } from '../../src/try/visitor.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, passThrough } from '../support/story.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

describe('oauth4webapi', () => {
  let server: TestServer
  let who: Cast
  let as: oauth.AuthorizationServer
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  for (const algorithm of ['oidc', 'oauth2'] as const) {
    it(`finds the server by its ${algorithm} metadata`, async () => {
      const issuer = new URL(server.issuer)
      as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }))
      expect(as.code_challenge_methods_supported).to.deep.equal(['S256'])
      expect(as.grant_types_supported).to.have.members([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ])
      expect(as.response_types_supported).to.deep.equal(['code'])
    })
  }

  async function signIn(client: oauth.Client, authentication: oauth.ClientAuth, redirectUri: string) {
    const [verifier, state, nonce] = [
      oauth.generateRandomCodeVerifier(),
      oauth.generateRandomState(),
      oauth.generateRandomNonce(),
    ]
    const url = new URL(as.authorization_endpoint as string)
    url.search = String(
      new URLSearchParams({
        client_id: client.client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid email notes:read',
        resource: api,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )
    const visitor = createVisitor(server.issuer)
    const answer = await passThrough(visitor, await visitor.open(url))
    const parameters = oauth.validateAuthResponse(as, client, answer, state)
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      parameters,
      redirectUri,
      verifier,
      insecure,
    )
    return oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true })
  }

  for (const name of ['web', 'native'] as const) {
    it(`signs a person in as a ${name} client, asks userinfo, refreshes, and verifies the access token as an API would`, async () => {
      const client: oauth.Client = { client_id: name }
      const authentication = who[name].secret ? oauth.ClientSecretBasic(who[name].secret as string) : oauth.None()
      const tokens = await signIn(
        client,
        authentication,
        name === 'web' ? 'https://app.example.com/callback' : 'http://127.0.0.1/callback',
      )
      const subject = oauth.getValidatedIdTokenClaims(tokens)!.sub
      expect(subject).to.equal(who.subject)

      const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, insecure)
      expect(await oauth.processUserInfoResponse(as, client, subject, userinfo)).to.deep.include({ email: 'ada@example.com' })

      const refreshed = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token as string, insecure)
      const { access_token: next } = await oauth.processRefreshTokenResponse(as, client, refreshed)

      for (const token of [tokens.access_token, next]) {
        const request = new Request(`${api}/notes`, { headers: { authorization: `Bearer ${token}` } })
        const claims = await oauth.validateJwtAccessToken(as, request, api, insecure)
        expect(claims).to.include({ sub: subject, client_id: name, scope: 'openid email notes:read' })
      }
    })
  }

  it('gets a token as a machine, and is told no in the standard’s words', async () => {
    const client: oauth.Client = { client_id: 'machine' }
    const ask = (secret: string) =>
      oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretPost(secret), { scope: 'notes:read' }, insecure)
    const { access_token: token } = await oauth.processClientCredentialsResponse(
      as,
      client,
      await ask(who.machine.secret as string),
    )
    const request = new Request(api, { headers: { authorization: `Bearer ${token}` } })
    expect(await oauth.validateJwtAccessToken(as, request, api, insecure)).to.include({ sub: 'machine' })
    const refused = await oauth.processClientCredentialsResponse(as, client, await ask('wrong')).catch((error) => error)
    expect(refused).to.be.instanceOf(oauth.ResponseBodyError).and.to.include({ error: 'invalid_client', status: 401 })
  })
})
