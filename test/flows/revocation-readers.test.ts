/** A list of revocations that is not for everybody (`revocations.readers: authenticated`). */
import { expect } from 'chai'
import { createResourceServer, defineResource, type ResourceServerEvent } from '../../src/resource-server/index.ts'
import { formerly } from '../support/formerly.ts'
import { type Apis, apiClients, revoke } from '../support/questions.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, type Credentials, cast, token } from '../support/story.ts'
import { until } from '../support/until.ts'

describe('a list of revocations that is for APIs alone', () => {
  let server: TestServer
  let who: Cast
  let apis: Apis
  const opened: { close(): void }[] = []
  before(async () => {
    server = await startTestServer({ settings: { revocations: { readers: 'authenticated' } } })
    who = await cast(server)
    apis = await apiClients(server)
  })
  after(async () => {
    for (const one of opened) one.close()
    await server?.close()
  })
  const ask = (authorization?: string, query = '') =>
    fetch(`${server.issuer}/revocations${query}`, { headers: authorization === undefined ? {} : { authorization } })
  const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it('is answered to each of them, and kept by no cache', async () => {
    for (const client of [apis.notes, apis.mail]) {
      const answer = await ask(basic(client))
      expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'application/jwt'])
      expect(answer.headers.get('cache-control')).to.equal('no-store')
      for (const name of ['access-control-allow-origin', 'www-authenticate'])
        expect(answer.headers.get(name), name).to.equal(null)
    }
  })
  it('T29 is answered to nobody else, whatever they send; and none of them waits', async () => {
    const { id, secret } = apis.notes
    const given = [
      ...[undefined, '', 'Basic', 'Basic ', 'Basic !', 'Basic ::::', `Bearer ${secret}`, `Digest ${encoded(`${id}:${secret}`)}`],
      ...[
        `${id}:wrong`,
        `${id}:`,
        `:${secret}`,
        id,
        `${id}:${secret}:`,
        `unknown:${secret}`,
        '%:%',
        `${id}:%zz`,
        `x:${'x'.repeat(3_000)}`,
      ].map(encoded),
      ...[who.web, who.machine, who.exempt, { id: apis.mail.id, secret }].map((client: Credentials) => basic(client)),
    ]
    const answers = await Promise.all(given.map((one) => ask(one, '?after=a.0&wait=25')))
    for (const [at, answer] of answers.entries()) {
      expect(answer.status, String(given[at])).to.equal(401)
      expect(answer.headers.get('www-authenticate')).to.equal(`Basic realm="${server.issuer}"`)
      expect(await answer.json()).to.include({ error: 'invalid_client' })
    }
  })
  it('knows a secret that was made a moment ago, and the one before no more', async () => {
    const before = apis.mail
    expect((await ask(basic(before))).status).to.equal(200)
    // By another process: this one goes by what it has just read.
    const { secret } = await formerly(server).rotateSecret('mail-api', 0)
    expect((await ask(basic({ id: 'mail-api', secret }))).status).to.equal(200)
    expect((await ask(basic(before))).status).to.equal(401)
  })
  it('is read by the kit with the credentials of its API, and not without', async () => {
    function listening(credentials?: { id: string; secret: string }) {
      const events: ResourceServerEvent['type'][] = []
      const resource = defineResource({ id: api, scopes: { 'notes:read': 'Read' } })
      const on = ({ type }: ResourceServerEvent) => events.push(type)
      const kit = createResourceServer({
        issuer: server.issuer,
        resource,
        revocations: { ...(credentials && { credentials }) },
        on,
      })
      opened.push(kit)
      return { kit, events }
    }
    const known = listening(apis.notes as Required<Credentials>)
    const stranger = listening()
    const jwt = (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body
      .access_token as string
    const isRefused = ({ kit }: typeof known) =>
      kit.verify(jwt).then(
        () => false,
        ({ reason }) => reason === 'revoked',
      )
    expect([await isRefused(known), await isRefused(stranger)]).to.deep.equal([false, false])
    await revoke(server, who.machine, jwt)
    await until('the refusal', () => isRefused(known))
    expect(await isRefused(stranger), 'who cannot know').to.equal(false)
    expect([known.events, stranger.events].map((events) => events.includes('revocations_failed'))).to.deep.equal([false, true])
  })
})
