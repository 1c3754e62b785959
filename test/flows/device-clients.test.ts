/** Devices that nobody here wrote: oauth4webapi, step by step, and openid-client, which polls by itself (RFC 8628). */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { createVisitor, type Page } from '../../src/try/visitor.ts'
import { confirmCode, enterCode } from '../support/device.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const scope = 'openid email notes:read'

describe('a device of another make', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  async function answer(userCode: string, decision: 'allow' | 'deny'): Promise<Page> {
    const visitor = createVisitor(server.issuer)
    const consent = await confirmCode(visitor, await enterCode(visitor, userCode))
    return visitor.submit(consent, '/consent', { decision })
  }

  describe('oauth4webapi', () => {
    const tv: oauth.Client = { client_id: 'television' }
    let as: oauth.AuthorizationServer
    before(async () => {
      const issuer = new URL(server.issuer)
      as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    })
    const begin = async () => {
      const response = await oauth.deviceAuthorizationRequest(as, tv, oauth.None(), { scope }, insecure)
      return oauth.processDeviceAuthorizationResponse(as, tv, response)
    }
    const ask = async ({ device_code }: oauth.DeviceAuthorizationResponse, by = tv) =>
      oauth.processDeviceCodeResponse(as, by, await oauth.deviceCodeGrantRequest(as, by, oauth.None(), device_code, insecure))
    const refusal = (attempt: Promise<unknown>) =>
      attempt.then(
        () => 'accepted',
        (cause) => (cause instanceof oauth.ResponseBodyError ? cause.error : cause),
      )

    it('is told to wait, to slow down, and then signs its person in, refreshes, and calls an API', async () => {
      const begun = await begin()
      expect(begun).to.include({ interval: 5, expires_in: 600, verification_uri: `${server.issuer}/device` })
      expect(await refusal(ask(begun))).to.equal('authorization_pending')
      expect(await refusal(ask(begun))).to.equal('slow_down')
      await answer(begun.user_code, 'allow')
      travel(10)
      const tokens = await ask(begun)
      expect(oauth.getValidatedIdTokenClaims(tokens)).to.include({ sub: who.subject, aud: 'television' })
      const refreshed = await oauth.refreshTokenGrantRequest(as, tv, oauth.None(), tokens.refresh_token as string, insecure)
      for (const { access_token: token } of [tokens, await oauth.processRefreshTokenResponse(as, tv, refreshed)]) {
        const request = new Request(`${api}/notes`, { headers: { authorization: `Bearer ${token}` } })
        const claims = await oauth.validateJwtAccessToken(as, request, api, insecure)
        expect(claims).to.include({ sub: who.subject, client_id: 'television', scope })
      }
      expect(await refusal(ask(begun)), 'a second time').to.equal('invalid_grant')
    })

    it('is told that its person refused, that it came too late, and that a code is not its own', async () => {
      const refused = await begin()
      await answer(refused.user_code, 'deny')
      expect(await refusal(ask(refused))).to.equal('access_denied')
      const another = await begin()
      expect(await refusal(ask({ ...another, device_code: 'x' }))).to.equal('invalid_grant')
      expect(await refusal(ask(another, { client_id: 'native' }))).to.equal('unauthorized_client')
      travel(601)
      expect(await refusal(ask(another))).to.equal('expired_token')
    })

    it('is refused a code when it is no such client', async () => {
      const attempt = async () => {
        const native: oauth.Client = { client_id: 'native' }
        const response = await oauth.deviceAuthorizationRequest(as, native, oauth.None(), { scope }, insecure)
        return oauth.processDeviceAuthorizationResponse(as, native, response)
      }
      expect(await refusal(attempt())).to.equal('unauthorized_client')
    })
  })

  describe('openid-client', () => {
    /** It waits for the interval before its first poll; here its person has answered already. */
    const atOnce = (begun: client.DeviceAuthorizationResponse) => ({ ...begun, interval: 0 })
    const begin = async () => {
      const config = await client.discovery(new URL(server.issuer), 'television', undefined, client.None(), {
        execute: [client.allowInsecureRequests],
      })
      return { config, begun: await client.initiateDeviceAuthorization(config, { scope }) }
    }

    it('signs its person in and reads userinfo', async () => {
      const { config, begun } = await begin()
      await answer(begun.user_code, 'allow')
      const tokens = await client.pollDeviceAuthorizationGrant(config, atOnce(begun))
      expect(tokens.claims()?.sub).to.equal(who.subject)
      expect(await client.fetchUserInfo(config, tokens.access_token, who.subject)).to.include({ email: who.email })
    })

    it('gets a token bound to its key (RFC 9449)', async () => {
      const { config, begun } = await begin()
      await answer(begun.user_code, 'allow')
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      const tokens = await client.pollDeviceAuthorizationGrant(config, atOnce(begun), undefined, { DPoP })
      expect(tokens.token_type).to.equal('dpop')
      expect(decodeJwt(tokens.access_token).cnf).to.deep.equal({ jkt: await DPoP.calculateThumbprint() })
    })

    it('is told that its person refused', async () => {
      const { config, begun } = await begin()
      await answer(begun.user_code, 'deny')
      const cause = await client.pollDeviceAuthorizationGrant(config, atOnce(begun)).catch((error) => error)
      expect(cause).to.include({ error: 'access_denied' })
    })
  })
})
