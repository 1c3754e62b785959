/** What clients name is asked through the guard, whatever it is named for, and the switch that opens it is loud. openid-client is the client. */
import type { RequestListener } from 'node:http'
import tls from 'node:tls'
import { expect } from 'chai'
import { decodeProtectedHeader, type JWK } from 'jose'
import * as client from 'openid-client'
import type { Fields } from '../../src/base/log.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Listener, listenEverywhere } from '../outgoing/listener.ts'
import { formerly } from '../support/formerly.ts'
import { addKeyed, configured, keyPair, refused } from '../support/keyed.ts'
import { badKeys, goodKeys } from '../support/public-keys.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, cast, codeFor, pkce, redeem, redirectUri, type TokenAnswer } from '../support/story.ts'

const machine = { grants: ['client_credentials'], jwks: undefined }
const hosts = ['127.0.0.1', '2130706433', '0177.0.0.1', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]', 'localhost']

describe('what a client names', () => {
  let closed: TestServer
  let open: TestServer
  let listener: Listener
  let answer: RequestListener
  let number = 0
  const trusted = tls.getCACertificates('default')
  before(async () => {
    listener = await listenEverywhere((request, response) => answer(request, response), { secure: true })
    // As NODE_EXTRA_CA_CERTS would.
    tls.setDefaultCACertificates([...trusted, listener.certificate!.certificate])
    closed = await startTestServer()
    open = await startTestServer({ settings: { outgoing: { allowPrivateNetworks: true, maxBytes: 4_096 } } })
  })
  beforeEach(() => {
    listener.connections = 0
  })
  after(async () => {
    tls.setDefaultCACertificates(trusted)
    await Promise.all([closed.close(), open.close(), listener.close()])
  })

  const addresses = (host: string) => ['https', 'http'].map((scheme) => `${scheme}://${host}:${listener.port}/named`)

  /** Authenticates by keys at this address, which serves them. */
  async function authenticate(server: TestServer, jwksUri: string, serve?: RequestListener): Promise<string> {
    const keyed = await addKeyed({ parts: { clients: formerly(server) } }, `keyed-${number++}`, { ...machine, jwksUri })
    answer = serve ?? ((_request, response) => response.end(JSON.stringify({ keys: [keyed.key.jwk] })))
    return refused(client.clientCredentialsGrant(await configured(server, keyed)))
  }
  /** Begins a sign-in to a client whose sector is described at this address. */
  async function signIn(server: TestServer, sectorIdentifierUri: string): Promise<number> {
    const id = `sector-${number++}`
    const jwks = { keys: [(await keyPair()).jwk] }
    await addKeyed({ parts: { clients: formerly(server) } }, id, { jwks, subjectType: 'pairwise', sectorIdentifierUri })
    answer = (_request, response) => response.end(JSON.stringify([redirectUri]))
    return (await createVisitor(server.issuer).open(authorizationUrl(server.issuer, id, pkce().challenge))).status
  }

  for (const host of hosts) {
    it(`G02 is not connected to for keys or a sector at ${host}`, async () => {
      for (const address of addresses(host)) {
        expect(await authenticate(closed, address)).to.equal('invalid_client')
        expect(await signIn(closed, address)).to.equal(400)
      }
      expect(listener.connections).to.equal(0)
    })
  }
  it('G02 is connected to where the operator allows it', async () => {
    const [address = ''] = addresses('127.0.0.1')
    expect(await authenticate(open, address)).to.equal('accepted')
    expect(await signIn(open, address)).to.equal(200)
    expect(listener.connections).to.be.greaterThan(1)
  })
  it('G03 is not read beyond its bound, and its connection closed', async () => {
    const gone = Promise.withResolvers<void>()
    const endless: RequestListener = (request, response) => {
      request.socket.on('close', () => gone.resolve())
      const more = () => response.write(' '.repeat(1_000), (error) => error ?? more())
      more()
    }
    expect(await authenticate(open, addresses('127.0.0.1')[0] as string, endless)).to.equal('invalid_client')
    await gone.promise
  })
})

describe('keys that a client serves at an address, to be encrypted to', () => {
  let server: TestServer
  let listener: Listener
  let keys: object[] = []
  before(async () => {
    listener = await listenEverywhere((_request, response) => response.end(JSON.stringify({ keys })))
    server = await startTestServer({ settings: { outgoing: { allowPrivateNetworks: true } } })
    await cast(server)
  })
  after(() => Promise.all([server.close(), listener.close()]))

  let number = 0
  async function signIn(algorithm: string, served: JWK[]): Promise<TokenAnswer> {
    keys = served
    const { registration, secret } = await server.parts.clients.add({
      id: `reader-${number++}`,
      name: 'A reader',
      kind: 'web',
      redirectUris: [redirectUri],
      apis: { [api]: ['notes:read'] },
      jwksUri: `http://127.0.0.1:${listener.port}/jwks`,
      idTokenEncryption: { algorithm },
    })
    const own = { id: registration.id, secret: secret! }
    return redeem(server, own, await codeFor(server, own))
  }

  for (const [name, { algorithm, key }] of Object.entries(badKeys)) {
    it(`are passed over for ${algorithm} when there is ${name}, and said to be missing when there is nothing else`, async () => {
      const alone = await signIn(algorithm, [key])
      expect([alone.status, alone.body.error]).to.deep.equal([400, 'invalid_client_metadata'])
      const good = Object.values(goodKeys).find((one) => one.algorithm === algorithm)!.key
      if (key.d !== undefined) return
      const { status, body } = await signIn(algorithm, [key, { ...good, kid: 'good' }])
      expect(status).to.equal(200)
      expect(decodeProtectedHeader(body.id_token!)).to.include({ alg: algorithm, kid: 'good' })
    })
  }
})

describe('the switch for private networks', () => {
  for (const allowPrivateNetworks of [true, false]) {
    it(`is ${allowPrivateNetworks ? 'said as loudly as a fault' : 'not spoken of'} at the start when it is ${allowPrivateNetworks}`, async () => {
      const errors: [string, Fields | undefined][] = []
      const log = { info() {}, error: (event: string, fields?: Fields) => void errors.push([event, fields]) }
      const server = await startTestServer({ settings: { outgoing: { allowPrivateNetworks } }, log })
      await server.close()
      expect(errors.map(([event]) => event)).to.deep.equal(allowPrivateNetworks ? ['outgoing.private_networks_allowed'] : [])
      if (allowPrivateNetworks) expect(errors[0]?.[1]?.warning).to.include('127/8').and.include('http')
    })
  }
})
