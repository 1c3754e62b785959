/** A host that a client names and that is dead, or sends too much: it is asked seldom, whoever sends what, and harms its own client alone. */
import type { RequestListener } from 'node:http'
import { expect } from 'chai'
import type { Fields } from '../../src/base/log.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Listener, listenEverywhere } from '../outgoing/listener.ts'
import { addKeyed, type Keyed, keyPair, postAs } from '../support/keyed.ts'
import { startLogoutEndpoint } from '../support/logout-endpoint.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, cast, codeFor, pkce, redirectUri } from '../support/story.ts'
import { startTarpit, type Tarpit } from '../support/tarpit.ts'
import { returnToPresent, travel } from '../support/time.ts'

const settings = { outgoing: { allowPrivateNetworks: true } }
const web = { kind: 'web', redirectUris: [redirectUri] }

describe('a dead host', () => {
  let server: TestServer
  let tarpit: Tarpit
  let keyHost: Listener
  let asked = 0
  let answer: RequestListener
  let number = 0
  const logged: [string, Fields | undefined][] = []
  const hear = (event: string, fields?: Fields) => void logged.push([event, fields])
  before(async () => {
    server = await startTestServer({ settings, log: { info: hear, error: hear } })
    keyHost = await listenEverywhere((request, response) => {
      asked += 1
      answer(request, response)
    })
  })
  beforeEach(async () => {
    tarpit = await startTarpit()
    asked = 0
    logged.length = 0
  })
  afterEach(() => {
    returnToPresent()
    tarpit.close()
  })
  after(() => Promise.all([server.close(), keyHost.close()]))

  /** A client whose sector is described there. */
  async function pairwise({ port }: { port: number }): Promise<string> {
    const id = `pairwise-${number++}`
    const sectorIdentifierUri = `https://127.0.0.1:${port}/sector`
    await server.parts.clients.add({ ...web, id, name: id, subjectType: 'pairwise', sectorIdentifierUri })
    return id
  }
  const begin = async (id: string) =>
    (await createVisitor(server.issuer).open(authorizationUrl(server.issuer, id, pkce().challenge))).status

  describe('of a sector', () => {
    it('G03 is asked once, however many strangers name its client, and not again for half a minute', async () => {
      const id = await pairwise(tarpit)
      const strangers = Array.from({ length: 60 }, () => begin(id))
      await tarpit.reached(1)
      tarpit.letGo()
      expect(new Set(await Promise.all(strangers))).to.deep.equal(new Set([400]))
      travel(20)
      expect(await begin(id)).to.equal(400)
      expect(tarpit.connections).to.equal(1)
      travel(11)
      const later = begin(id)
      await tarpit.reached(2)
      tarpit.letGo()
      expect(await later).to.equal(400)
    })
    it('is asked at once when its client’s registration is another', async () => {
      const id = await pairwise(tarpit)
      for (const connections of [1, 2]) {
        const asked = begin(id)
        await tarpit.reached(connections)
        tarpit.letGo()
        expect(await asked).to.equal(400)
        await server.parts.clients.rotateSecret(id, 0)
      }
    })
  })

  /** A client whose keys are there, to be had while `answer` says so. */
  const keyed = (port = keyHost.port): Promise<Keyed> =>
    addKeyed(server, `keyed-${number++}`, {
      grants: ['client_credentials'],
      jwks: undefined,
      jwksUri: `http://127.0.0.1:${port}/keys`,
    })
  const serve = (...keys: object[]): RequestListener => {
    return (_request, response) => response.setHeader('cache-control', 'max-age=3600').end(JSON.stringify({ keys }))
  }
  const authenticate = (as: Keyed, path = '/token') => postAs(server, as, path, { grant_type: 'client_credentials' })
  const outcomes = async (times: number, as: Keyed) => {
    const answers = []
    for (let n = 0; n < times; n++) answers.push((await authenticate(as)).status)
    return answers
  }
  const forged = async (as: Keyed): Promise<Keyed> => ({ ...as, key: await keyPair() })

  describe('of keys', () => {
    for (const [what, fail] of [
      ['breaks', (request) => void request.socket.destroy()],
      ['has an error', (_request, response) => response.writeHead(500).end('<html>')],
      ['has no keys', (_request, response) => response.end('<html>')],
    ] as [string, RequestListener][]) {
      it(`K02 K03 that ${what} is asked once for twenty forged assertions, and serves again ten seconds later`, async () => {
        answer = fail
        const client = await keyed()
        const stranger = await forged(client)
        const together = await Promise.all(Array.from({ length: 10 }, () => authenticate(stranger)))
        expect(together.map(({ body }) => body.error)).to.deep.equal(Array(10).fill('invalid_client'))
        expect(await outcomes(10, stranger)).to.deep.equal(Array(10).fill(401))
        expect(asked).to.equal(1)
        answer = serve(client.key.jwk)
        travel(11)
        expect(await outcomes(2, client)).to.deep.equal([200, 200])
        expect(asked).to.equal(2)
      })
    }
    it('K02 K03 hinders no other client, at the same host or by the keys that it had', async () => {
      const [good, other] = [await keyed(), await keyed()]
      answer = serve(good.key.jwk)
      expect(await outcomes(2, good)).to.deep.equal([200, 200])
      answer = (_request, response) => response.writeHead(500).end('<html>')
      expect(await outcomes(2, other)).to.deep.equal([401, 401])
      travel(3_601)
      expect(await outcomes(2, await forged(good)), 'its keys are no longer fresh').to.deep.equal([401, 401])
      expect(await outcomes(2, good)).to.deep.equal([200, 200])
      expect(asked).to.equal(3)
    })
  })

  describe('with too many keys', () => {
    const many = (count: number, jwk: object) => [
      jwk,
      ...Array.from({ length: count - 1 }, (_, n) => ({ ...jwk, kid: `copy-${n}` })),
    ]
    it('G03 is believed up to fifty, and refused whole beyond, for a reason that the log has', async () => {
      const client = await keyed()
      answer = serve(...many(50, client.key.jwk))
      expect(await outcomes(1, client)).to.deep.equal([200])
      const greedy = await keyed()
      answer = serve(...many(51, greedy.key.jwk))
      const { status, body } = await authenticate(greedy)
      expect([status, body.error]).to.deep.equal([401, 'invalid_client'])
      expect(await outcomes(3, greedy)).to.deep.equal([401, 401, 401])
      expect(asked, 'once for each client').to.equal(2)
      const [, fields] = logged.find(([event]) => event === 'grant.error') ?? []
      expect(fields).to.include({ client: greedy.id, error: 'invalid_client' })
      expect(fields?.reason).to.include('client JSON Web Key Set has more than 50 keys')
    })
    it('G03 leaves its client the keys that it had', async () => {
      const client = await keyed()
      answer = serve(client.key.jwk)
      expect(await outcomes(1, client)).to.deep.equal([200])
      travel(3_601)
      answer = serve(...many(51, (await keyPair()).jwk))
      expect(await outcomes(1, await forged(client))).to.deep.equal([401])
      expect(await outcomes(1, client)).to.deep.equal([200])
    })
  })

  describe('that holds every place', () => {
    it('G03 makes nobody a client that is not who it says: whose keys we are too busy to fetch comes again', async () => {
      const client = await keyed(tarpit.port)
      const sector = await pairwise(tarpit)
      const dead = await Promise.all(Array.from({ length: 4 }, () => pairwise(tarpit)))
      const strangers = dead.map((id) => begin(id))
      await tarpit.reached(4)
      // http and https are two origins.
      const others = await Promise.all(Array.from({ length: 4 }, () => keyed(tarpit.port)))
      const assertions = others.map((other) => authenticate(other))
      await tarpit.reached(8)
      for (const path of ['/token', '/par', '/introspection', '/revocation']) {
        const { status, body, headers } = await authenticate(client, path)
        expect([status, body.error], path).to.deep.equal([503, 'temporarily_unavailable'])
        expect(Number(headers.get('retry-after')), path).to.be.greaterThan(0)
      }
      expect(await begin(sector), 'to a person').to.equal(503)
      tarpit.letGo()
      expect(await Promise.all(strangers)).to.deep.equal([400, 400, 400, 400])
      expect((await Promise.all(assertions)).map(({ status }) => status)).to.deep.equal([401, 401, 401, 401])
      const later = authenticate(client)
      await tarpit.reached(9)
      tarpit.letGo()
      expect((await later).status, 'asked for at once: nothing was held against it').to.equal(401)
    })
    it('O05 does not keep a client from being told of a logout at the first attempt', async () => {
      const party = await startLogoutEndpoint()
      const backchannelLogoutUri = party.uri
      await cast(server)
      const { secret } = await server.parts.clients.add({
        ...web,
        id: 'told',
        name: 'Told',
        firstParty: true,
        backchannelLogoutUri,
      })
      const visitor = createVisitor(server.issuer)
      await codeFor(server, { id: 'told', secret }, { scope: 'openid' }, visitor)
      const page = await visitor.open('/session/end')
      const tarpits = await Promise.all(Array.from({ length: 8 }, startTarpit))
      const dead = await Promise.all(tarpits.flatMap((one) => Array.from({ length: 4 }, () => pairwise(one))))
      const strangers = dead.map(begin)
      await Promise.all(tarpits.map((one) => one.reached(4)))
      expect(await begin(await pairwise(tarpit)), 'the 33rd').to.equal(503)
      const told = party.next()
      await visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
      await told
      for (const one of tarpits) one.close()
      await Promise.all(strangers)
      await party.close()
      expect(
        logged.filter(([event]) => event.startsWith('backchannel_logout')).map(([event, fields]) => [event, fields?.attempt]),
      ).to.deep.equal([['backchannel_logout.delivered', 1]])
    })
  })
})
