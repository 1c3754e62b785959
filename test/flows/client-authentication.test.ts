/** How a client shows that it is itself: two live secrets, and assertions that it signs (RFC 7523), by openid-client and oauth4webapi. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { formerly } from '../support/formerly.ts'
import { addKeyed, assertion, assertionType, configured, type Keyed, keyPair, refused, requestObject } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, cast } from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const machine = { grants: ['client_credentials'], redirectUris: ['https://app.example.com/callback'] }
const credentials = { grant_type: 'client_credentials', scope: 'notes:read', resource: api }

describe('client authentication', () => {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  before(async () => {
    server = await startTestServer({ settings: { outgoing: { allowPrivateNetworks: true } } })
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed', machine)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  describe('by secret', () => {
    const attempt = async (secret: string, by: typeof client.ClientSecretBasic) => {
      const config = await client.discovery(new URL(server.issuer), 'machine', undefined, by(secret), {
        execute: [client.allowInsecureRequests],
      })
      return client.clientCredentialsGrant(config).then(
        () => 'accepted',
        ({ status, error, cause }) => `${status} ${error ?? cause?.[0]?.parameters?.error ?? cause?.[0]?.scheme}`,
      )
    }

    it('T13 takes both secrets while one is replaced, in the header and in the body, and the old one no longer than it was told', async () => {
      const old = who.machine.secret as string
      const { secret } = await server.parts.clients.rotateSecret('machine', 3_600)
      for (const by of [client.ClientSecretBasic, client.ClientSecretPost])
        for (const one of [old, secret]) expect(await attempt(one, by)).to.equal('accepted')
      travel(3_601)
      expect(await attempt(old, client.ClientSecretBasic)).to.match(/^401 /)
      expect(await attempt(old, client.ClientSecretPost)).to.equal('401 invalid_client')
      expect(await attempt(secret, client.ClientSecretPost)).to.equal('accepted')
      who.machine.secret = secret
    })

    it('T13 takes a secret at once that another process has made, and the one before for that second at most', async () => {
      const old = who.machine.secret as string
      Date.now = () => still
      const still = performance.timeOrigin + performance.now()
      expect(await attempt(old, client.ClientSecretBasic)).to.equal('accepted')
      // The command line beside the server: the same store, nothing else in common.
      const { secret } = await formerly(server).rotateSecret('machine', 0)
      for (const by of [client.ClientSecretBasic, client.ClientSecretPost]) expect(await attempt(secret, by)).to.equal('accepted')
      expect(await attempt(`${secret}x`, client.ClientSecretBasic)).to.match(/^401 /)
      expect(await attempt(old, client.ClientSecretBasic)).to.match(/^401 /)
      who.machine.secret = secret
    })

    it('T13 refuses a wrong secret, an empty one, one of another client, what is kept of it, and two ways at once', async () => {
      const secret = who.machine.secret as string
      const kept = (await server.parts.clients.find('machine'))?.client_secret as string
      for (const wrong of [
        'wrong',
        ` ${secret}`,
        secret.toUpperCase(),
        who.web.secret as string,
        kept,
        kept.split(' ')[0] as string,
      ])
        expect(await attempt(wrong, client.ClientSecretPost), wrong).to.equal('401 invalid_client')
      const empty = await post(server, '/token', { ...credentials, client_id: 'machine', client_secret: '' })
      expect(empty.status).to.equal(401)
      const twice = await post(
        server,
        '/token',
        { ...credentials, client_id: 'machine', client_secret: secret },
        { authorization: basic(who.machine) },
      )
      expect([twice.status, twice.body.error]).to.deep.equal([400, 'invalid_request'])
      expect(await attempt(secret, client.ClientSecretPost)).to.equal('accepted')
    })
  })

  describe('by assertion', () => {
    const ask = async (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, by = keyed) =>
      send(await assertion(server, by, claims, header))
    const send = (one: string, more: Record<string, string> = {}) =>
      post(server, '/token', { ...credentials, client_assertion_type: assertionType, client_assertion: one, ...more })

    for (const alg of ['ES256', 'PS256', 'EdDSA', 'Ed25519', 'RS256']) {
      it(`is taken from openid-client and oauth4webapi, signed with ${alg}`, async () => {
        const own = await addKeyed(server, `by-${alg}`, machine, alg)
        const config = await configured(server, own)
        expect(await client.clientCredentialsGrant(config, { scope: 'notes:read' })).to.include({ scope: 'notes:read' })
        const issuer = new URL(server.issuer)
        const insecure = { [oauth.allowInsecureRequests]: true }
        const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
        const given = oauth.PrivateKeyJwt({ key: own.key.privateKey, kid: own.key.thumbprint })
        const response = await oauth.clientCredentialsGrantRequest(
          as,
          { client_id: own.id },
          given,
          { scope: 'notes:read' },
          insecure,
        )
        expect(await oauth.processClientCredentialsResponse(as, { client_id: own.id }, response)).to.include({
          token_type: 'bearer',
        })
      })
    }

    it('is taken by the older name of Ed25519', async () => {
      expect((await ask({}, {}, await addKeyed(server, 'by-name', machine, 'EdDSA'))).status).to.equal(200)
    })

    it('is taken for the issuer, and by those who know no better for the token endpoint', async () => {
      for (const aud of [server.issuer, [server.issuer], `${server.issuer}/token`])
        expect((await ask({ aud })).status).to.equal(200)
    })

    it('T16 is taken once', async () => {
      const one = await assertion(server, keyed)
      expect((await send(one)).status).to.equal(200)
      const again = await send(one)
      expect([again.status, again.body.error]).to.deep.equal([401, 'invalid_client'])
      const jti = 'the same again'
      expect((await ask({ jti })).status).to.equal(200)
      expect((await ask({ jti, exp: now() + 30 })).body.error).to.equal('invalid_client')
    })

    const bad: [string, Record<string, unknown>, Record<string, unknown>?][] = [
      ['for another server', { aud: 'https://other.example' }],
      ['for nobody', { aud: undefined }],
      ['of another issuer', { iss: 'web' }],
      ['without an issuer', { iss: undefined }],
      ['without a subject', { sub: undefined }],
      ['about another client', { sub: 'web' }],
      ['about a client that is not there', { iss: 'nobody', sub: 'nobody' }],
      ['without jti', { jti: undefined }],
      ['without exp', { exp: undefined }],
      ['that has expired', { exp: now() - 60 }],
      ['with exp as text', { exp: 'tomorrow' }],
      ['that would be good for years', { exp: now() + 100_000 }],
      ['that is not yet good', { nbf: now() + 600 }],
      ['made in the far future', { iat: now() + 600, exp: now() + 700 }],
      ['that is another kind of JWT', {}, { typ: 'dpop+jwt' }],
      ['that is an access token', {}, { typ: 'at+jwt' }],
    ]
    for (const [what, claims, header] of bad) {
      it(`is refused ${what}`, async () => {
        const { status, body } = await ask(claims, header)
        expect([status, body.error]).to.deep.equal([401, 'invalid_client'])
      })
    }

    it('is refused with another’s key, by HMAC with the public key, with a private key’s algorithm mixed up, or without a signature', async () => {
      const stranger = { id: 'keyed', key: await keyPair() }
      expect((await ask({}, {}, stranger)).body.error).to.equal('invalid_client')
      expect((await ask({}, { kid: undefined }, stranger)).body.error).to.equal('invalid_client')
      expect((await ask({}, { jwk: stranger.key.jwk, kid: undefined }, stranger)).body.error).to.equal('invalid_client')
      const [, payload] = (await assertion(server, keyed)).split('.')
      for (const alg of ['none', 'HS256', 'RS256', 'ES384']) {
        const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
        expect((await send(`${header}.${payload}.`)).status, alg).to.equal(401)
        expect((await send(`${header}.${payload}.AAAA`)).status, alg).to.equal(401)
      }
    })

    it('is refused for a client that is known by a secret, and beside a secret', async () => {
      expect((await ask({ iss: 'machine', sub: 'machine' })).body.error).to.equal('invalid_client')
      const one = await assertion(server, keyed)
      expect((await send(one, { client_secret: 'x' })).body.error).to.equal('invalid_request')
      expect((await send(one, { client_assertion_type: 'x' })).body.error).to.equal('invalid_request')
      expect((await send(one, { client_id: 'web' })).body.error).to.equal('invalid_request')
      expect((await send(one)).status).to.equal(200)
    })

    it('is not a request object, nor the other way round', async () => {
      const request = await requestObject(server, keyed, { sub: 'keyed' }, { typ: 'oauth-authz-req+jwt' })
      expect((await send(request)).body.error).to.equal('invalid_client')
    })
  })

  describe('K08 by keys at jwks_uri', () => {
    it('fetches them, and new ones when a key is not known yet; follows no redirect', async () => {
      const keys = { keys: [(await keyPair()).jwk] }
      const asked: string[] = []
      const listener = createServer((request, response) => {
        asked.push(request.url as string)
        if (request.url === '/moved') response.writeHead(302, { location: '/jwks' }).end()
        else response.setHeader('content-type', 'application/json').end(JSON.stringify(keys))
      }).listen(0, '127.0.0.1')
      try {
        await new Promise((resolve) => listener.once('listening', resolve))
        const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
        const fetched = await addKeyed(server, 'fetched', { ...machine, jwks: undefined, jwksUri: `${base}/jwks` })
        const moved = await addKeyed(server, 'moved', { ...machine, jwks: undefined, jwksUri: `${base}/moved` })
        keys.keys.push(fetched.key.jwk, moved.key.jwk)
        expect(await refused(client.clientCredentialsGrant(await configured(server, fetched)))).to.equal('accepted')
        expect(await refused(client.clientCredentialsGrant(await configured(server, moved)))).to.equal('invalid_client')
        expect(asked).to.include('/moved').and.to.have.length(2)
      } finally {
        listener.close()
      }
    })

    it('asks nobody over http where private networks are not allowed', async () => {
      const strict = await startTestServer()
      try {
        const members = { ...machine, jwks: undefined, jwksUri: 'http://keys.example.com/jwks' }
        expect(await refused(addKeyed(strict, 'insecure', members))).to.equal('invalid_client_metadata')
        const insecure = await addKeyed({ parts: { clients: formerly(strict) } }, 'insecure', members)
        expect(await refused(client.clientCredentialsGrant(await configured(strict, insecure)))).to.equal('invalid_client')
      } finally {
        await strict.close()
      }
    })
  })
})
