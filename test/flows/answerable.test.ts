/** A token request that cannot be answered uses nothing up: openid-client mends it, or comes back when its own keys can be had, and is no thief. */
import type { RequestListener } from 'node:http'
import { expect } from 'chai'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import * as client from 'openid-client'
import { type Listener, listenEverywhere } from '../outgoing/listener.ts'
import { deviceFor, letIn, poll } from '../support/device.ts'
import { refused } from '../support/keyed.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { cast, codeFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const window = 10
/** More than the library takes a client's keys for fresh, and more than the window. */
const freshSeconds = 61
const redirectUri = 'https://spa.example.com/callback'
const pay = (amount: number) => JSON.stringify([{ type: 'payment', amount }])
const app = { kind: 'spa', redirectUris: [redirectUri], apis: { [api]: ['notes:read'], [otherApi]: ['mail:read'] } }
const keys =
  (...set: JWK[]): RequestListener =>
  (_request, response) =>
    response.end(JSON.stringify({ keys: set }))
const wanted = { redirect_uri: redirectUri, scope: 'openid notes:read' }

describe('a token request that cannot be answered', () => {
  let server: TestServer
  let listener: Listener
  let published: RequestListener
  let own: CryptoKey
  const faults: Record<string, RequestListener> = {
    'cannot be reached': (request) => request.socket.destroy(),
    'are answered with 500': (_request, response) => response.writeHead(500).end(),
    'are no JSON': (_request, response) => response.end('<html>'),
    'are none to encrypt to': (request, response) => keys({ ...good, use: 'sig' })(request, response),
    'are of another kind': (request, response) => keys(signing)(request, response),
  }
  let good: JWK
  let signing: JWK
  before(async () => {
    listener = await listenEverywhere((request, response) => published(request, response))
    server = await startTestServer({
      settings: {
        outgoing: { allowPrivateNetworks: true },
        authorizationDetails: { payment: { description: 'Pay', api, fields: { amount: { label: 'Amount', type: 'number' } } } },
      },
    })
    await cast(server)
    const payments = { apis: app.apis, authorizationDetailsTypes: ['payment'] }
    await server.parts.clients.add({ ...app, ...payments, id: 'paying', name: 'Paying' })
    await server.parts.clients.add({ ...payments, id: 'device', name: 'Device', kind: 'device', redirectUris: [] })
    const pair = await generateKeyPair('ECDH-ES', { extractable: true })
    own = pair.privateKey
    good = { ...(await exportJWK(pair.publicKey)), use: 'enc' }
    signing = await exportJWK((await generateKeyPair('Ed25519', { extractable: true })).publicKey)
  })
  beforeEach(() => {
    published = keys(good)
  })
  afterEach(returnToPresent)
  after(() => Promise.all([server.close(), listener.close()]))

  let number = 0
  /** Its ID tokens are encrypted to a key that it publishes. */
  async function encrypted(): Promise<string> {
    const id = `encrypted-${number++}`
    const jwksUri = `http://127.0.0.1:${listener.port}/`
    await server.parts.clients.add({ ...app, id, name: 'Encrypted', jwksUri, idTokenEncryption: {} })
    return id
  }
  async function signedIn(id: string, changes: Record<string, string | string[]> = {}) {
    const { answer, verifier } = await codeFor(server, { id }, { ...wanted, ...changes })
    const options = { execute: [client.allowInsecureRequests] }
    const config = await client.discovery(new URL(server.issuer), id, {}, client.None(), options)
    if (id !== 'paying') client.enableDecryptingResponses(config, ['A256GCM'], own)
    const checks = { pkceCodeVerifier: verifier, expectedState: 'a-state', expectedNonce: 'a-nonce' }
    return {
      redeem: (more = {}) => client.authorizationCodeGrant(config, answer, checks, more),
      refresh: (token = '', more = {}) => client.refreshTokenGrant(config, token, more),
    }
  }

  describe('leaves a refresh token as it was', () => {
    it('T08 when it asks for other details than were granted', async () => {
      const { redeem, refresh } = await signedIn('paying', { authorization_details: pay(5) })
      const { refresh_token: token } = await redeem()
      expect(await refused(refresh(token, { authorization_details: pay(6) }))).to.equal('invalid_authorization_details')
      travel(window + 1)
      expect((await refresh(token, { authorization_details: pay(5) })).refresh_token).to.match(/\.1\./)
    })

    for (const [fault, listen] of Object.entries(faults)) {
      it(`T08 when the keys that its answer is encrypted to ${fault}`, async () => {
        const { redeem, refresh } = await signedIn(await encrypted())
        const { refresh_token: token } = await redeem()
        travel(freshSeconds)
        published = listen
        expect(await refused(refresh(token))).to.equal('invalid_client_metadata')
        travel(freshSeconds)
        published = keys(good)
        const next = await refresh(token)
        expect(next.refresh_token).to.match(/\.1\./)
        expect(next.claims()?.sub).to.be.a('string')
      })
    }

    it('T08 but not for keys that its answer does not need', async () => {
      const { redeem, refresh } = await signedIn(await encrypted())
      const { refresh_token: token } = await redeem()
      travel(freshSeconds)
      published = faults['cannot be reached']!
      expect((await refresh(token, { scope: 'notes:read' })).refresh_token).to.match(/\.1\./)
    })
  })

  describe('leaves a code as it was', () => {
    it('T01 when it asks for another API, or for other details than were granted', async () => {
      const { redeem, refresh } = await signedIn('paying', { authorization_details: pay(5) })
      expect(await refused(redeem({ resource: otherApi }))).to.equal('invalid_target')
      expect(await refused(redeem({ authorization_details: pay(6) }))).to.equal('invalid_authorization_details')
      const { refresh_token: token } = await redeem()
      expect(await refused(redeem())).to.equal('invalid_grant')
      expect(await refused(refresh(token)), 'a second use ends the grant as ever').to.equal('invalid_grant')
    })

    it('T01 when the keys that its answer is encrypted to cannot be reached', async () => {
      const { redeem } = await signedIn(await encrypted())
      published = faults['cannot be reached']!
      expect(await refused(redeem())).to.equal('invalid_client_metadata')
      published = keys(good)
      // Its host is not asked again for ten seconds.
      travel(11)
      expect((await redeem()).claims()?.sub).to.be.a('string')
    })

    it('T01 that a device polls with', async () => {
      const device = await deviceFor(server, { id: 'device' }, { authorization_details: pay(5) })
      await letIn(server, device)
      expect((await poll(server, device, { resource: otherApi })).body.error).to.equal('invalid_target')
      expect((await poll(server, device, { authorization_details: pay(6) })).body.error).to.equal('invalid_authorization_details')
      expect((await poll(server, device)).status).to.equal(200)
      expect((await poll(server, device)).body.error).to.equal('invalid_grant')
    })
  })
})
