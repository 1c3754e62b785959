/** What a sign-out ends, whom it tells, and that nobody can hold it up. The client's side is jose: openid-client has no part for logout tokens. */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import type { Later } from '../../src/base/clock.ts'
import type { Fields } from '../../src/base/log.ts'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { formerly } from '../support/formerly.ts'
import { type LogoutEndpoint, startLogoutEndpoint, verifyLogoutToken } from '../support/logout-endpoint.ts'
import { api, startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'
import {
  authorizationUrl,
  type Credentials,
  cast,
  codeFor,
  passThrough,
  pkce,
  redeem,
  redirectUri,
  refresh,
} from '../support/story.ts'

const settings = { outgoing: { allowPrivateNetworks: true } }

describe('sign-out', () => {
  let server: TestServer
  let web: LogoutEndpoint
  let other: LogoutEndpoint
  let clients: Record<'web' | 'other' | 'pairwise' | 'rsa' | 'silent', Credentials>
  let subject: string
  const pauses: Parameters<Later>[] = []
  const logged: [string, string, Fields | undefined][] = []
  const log = {
    info: (event: string, fields?: Fields) => void logged.push(['info', event, fields]),
    error: (event: string, fields?: Fields) => void logged.push(['error', event, fields]),
  }
  const logsOf = (name: string) => logged.filter(([, event]) => event === `backchannel_logout.${name}`)

  before(async () => {
    server = await startTestServer({ settings, log, later: (...pause) => void pauses.push(pause) })
    ;[web, other] = await Promise.all([startLogoutEndpoint(), startLogoutEndpoint()])
    subject = (await cast(server)).subject
    const add = async (id: string, more: object): Promise<Credentials> => {
      const base = { id, name: id, kind: 'web', redirectUris: [redirectUri], apis: { [api]: ['notes:read'] }, firstParty: true }
      const { secret } = await server.parts.clients.add({ ...base, ...more })
      return { id, secret }
    }
    clients = {
      web: await add('rp-web', { backchannelLogoutUri: web.uri }),
      other: await add('rp-other', { backchannelLogoutUri: other.uri, backchannelLogoutSessionRequired: true }),
      pairwise: await add('rp-pairwise', { backchannelLogoutUri: other.uri, subjectType: 'pairwise' }),
      rsa: await add('rp-rsa', { backchannelLogoutUri: other.uri, idTokenAlgorithm: 'RS256' }),
      silent: await add('rp-silent', {}),
    }
  })
  beforeEach(() => {
    for (const party of [web, other]) Object.assign(party, { received: [], status: 200 })
    pauses.length = 0
    logged.length = 0
  })
  after(() => Promise.all([server.close(), web.close(), other.close()]))

  const { challenge } = pkce()
  /** Signs in to several clients in one browser. @returns each client's tokens */
  async function signIn(visitor: Visitor, ...to: Credentials[]): Promise<Record<string, string>[]> {
    const tokens = []
    for (const client of to) tokens.push((await redeem(server, client, await codeFor(server, client, {}, visitor))).body)
    return tokens
  }
  async function signOut(visitor: Visitor) {
    return visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
  }
  const kept = () => server.parts.store.notices.list(100)

  it('O04 tells every client of the session, each by a token that jose verifies, with its own sid', async () => {
    const visitor = createVisitor(server.issuer)
    const idTokens = (await signIn(visitor, clients.web, clients.other)).map((tokens) => decodeJwt(tokens.id_token as string))
    const told = Promise.all([web.next(), other.next()])
    await signOut(visitor)
    const jtis = new Set<unknown>()
    for (const [index, { token, body, request }] of (await told).entries()) {
      const client = [clients.web, clients.other][index] as Credentials
      const { payload, header } = await verifyLogoutToken(token, server.issuer, client.id)
      expect(payload).to.include({ sub: subject, sid: idTokens[index]?.sid })
      expect(payload.events).to.deep.equal({ 'http://schemas.openid.net/event/backchannel-logout': {} })
      expect((payload.exp as number) - (payload.iat as number))
        .to.be.greaterThan(0)
        .and.at.most(120)
      expect(header).to.include({ alg: 'ES256', typ: 'logout+jwt' })
      expect([...body.keys()], 'nothing else is sent').to.deep.equal(['logout_token'])
      expect(request).to.include({ method: 'POST' })
      expect(request.headers['content-type']).to.match(/^application\/x-www-form-urlencoded/)
      jtis.add(payload.jti)
    }
    expect(jtis.size).to.equal(2)
  })

  it('O04 ends the refresh tokens of every client, and another browser’s session goes on', async () => {
    const [visitor, elsewhere] = [createVisitor(server.issuer), createVisitor(server.issuer)]
    const here = await signIn(visitor, clients.web, clients.other, clients.silent)
    const [there] = await signIn(elsewhere, clients.silent)
    await signOut(visitor)
    for (const [index, client] of [clients.web, clients.other, clients.silent].entries())
      expect((await refresh(server, client, here[index]?.refresh_token as string)).body.error, client.id).to.equal(
        'invalid_grant',
      )
    expect((await refresh(server, clients.silent, there?.refresh_token as string)).status).to.equal(200)
  })

  it('O04 shows nothing by the back button: no page of the session may be stored, and the session is gone', async () => {
    const visitor = createVisitor(server.issuer)
    const consent = authorizationUrl(server.issuer, 'web', challenge)
    await signIn(visitor, clients.web)
    const pages = [await visitor.open(consent), await visitor.open('/session/end')]
    pages.push(await visitor.submit(pages[1]!, '/session/end/confirm', { logout: 'yes' }))
    for (const { headers, url } of pages) expect(headers.get('cache-control'), url.href).to.equal('no-store')
    expect((await visitor.open(consent)).html).to.include('type="password"')
  })

  it('O04 tells of the session that ended by its sid alone, so that no other session of the person ends', async () => {
    const [visitor, elsewhere] = [createVisitor(server.issuer), createVisitor(server.issuer)]
    const [here] = await signIn(visitor, clients.web)
    const [there] = await signIn(elsewhere, clients.web)
    const told = web.next()
    await signOut(visitor)
    const { sid } = decodeJwt((await told).token)
    expect(sid).to.equal(decodeJwt(here?.id_token as string).sid)
    expect(sid).to.not.equal(decodeJwt(there?.id_token as string).sid)
  })

  it('tells a client by the algorithm of its ID tokens', async () => {
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, clients.rsa)
    const told = other.next()
    await signOut(visitor)
    expect((await verifyLogoutToken((await told).token, server.issuer, clients.rsa.id)).header.alg).to.equal('RS256')
  })

  it('tells a client with pairwise subjects by the subject that it knows', async () => {
    const visitor = createVisitor(server.issuer)
    const [tokens] = await signIn(visitor, clients.pairwise)
    const told = other.next()
    await signOut(visitor)
    const { payload } = await verifyLogoutToken((await told).token, server.issuer, clients.pairwise.id)
    expect(payload.sub)
      .to.equal(decodeJwt(tokens?.id_token as string).sub)
      .and.not.equal(subject)
  })

  it('tells a client of the account that was switched away from', async () => {
    const visitor = createVisitor(server.issuer)
    const [tokens] = await signIn(visitor, clients.web)
    const consent = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'consent' }))
    const told = web.next()
    await visitor.submit(consent, '/switch', {})
    const { payload } = await verifyLogoutToken((await told).token, server.issuer, clients.web.id)
    expect(payload.sid).to.equal(decodeJwt(tokens?.id_token as string).sid)
  })

  it('tells a client of the person whom another one’s sign-in replaced', async () => {
    await server.parts.accounts.add({ email: 'eve@example.com', password: 'correct horse battery staple' })
    const visitor = createVisitor(server.issuer)
    const [tokens] = await signIn(visitor, clients.web)
    const told = web.next()
    const page = await visitor.open(authorizationUrl(server.issuer, clients.web.id, challenge, { prompt: 'login' }))
    const resumed = await visitor.submit(page, '/sign-in', { email: 'eve@example.com', password: 'correct horse battery staple' })
    // The library has the browser post a form by itself.
    await visitor.submit(resumed, '/session/end/confirm', {})
    const { payload } = await verifyLogoutToken((await told).token, server.issuer, clients.web.id)
    expect(payload).to.include({ sub: subject, sid: decodeJwt(tokens?.id_token as string).sid })
  })

  it('tells nobody when the person stays, and nobody whom the session signed nobody in to', async () => {
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, clients.web)
    await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', {})
    await signOut(createVisitor(server.issuer))
    const told = web.next()
    await signOut(visitor)
    await told
    expect(web.received).to.have.length(1)
    expect(other.received).to.have.length(0)
  })

  it('O05 is answered while a client keeps the notice waiting, and remembers the notice until it is taken', async () => {
    web.status = undefined
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, clients.web)
    const told = web.next()
    expect((await signOut(visitor)).url.pathname).to.equal('/session/end/success')
    const { answer, response } = await told
    expect(response.headersSent, 'not answered yet').to.equal(false)
    expect(await kept()).to.have.length(1)
    expect((await visitor.open(authorizationUrl(server.issuer, 'web', challenge))).html).to.include('type="password"')
    answer()
    await until(() => logsOf('delivered').length === 1)
    await until(async () => (await kept()).length === 0)
  })

  for (const status of [500, 503, 408, 429]) {
    it(`O05 tries again after ${status}, with a token of its own, and stops when the client took it`, async () => {
      web.status = status
      const visitor = createVisitor(server.issuer)
      await signIn(visitor, clients.web)
      await signOut(visitor)
      await until(() => pauses.length === 1)
      web.status = 200
      pauses[0]?.[1]()
      await until(async () => (await kept()).length === 0)
      expect(pauses).to.have.length(1)
      const [first, second] = web.received.map(({ token }) => decodeJwt(token))
      expect(first?.jti).to.not.equal(second?.jti)
      expect(first?.sid).to.equal(second?.sid)
    })
  }

  it('O05 gives a dead endpoint up after five attempts with growing pauses, within minutes, and says so loudly, without the token', async () => {
    web.status = 500
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, clients.web)
    await signOut(visitor)
    for (let n = 1; n < 5; n++) {
      await until(() => pauses.length === n)
      pauses[n - 1]?.[1]()
    }
    await until(async () => (await kept()).length === 0)
    expect(web.received).to.have.length(5)
    const waited = pauses.map(([milliseconds]) => milliseconds)
    expect(waited).to.deep.equal([...waited].sort((a, b) => a - b))
    expect(waited.reduce((sum, one) => sum + one)).to.be.lessThan(300_000)
    const [[level, , fields] = []] = logsOf('given_up')
    expect([level, fields]).to.deep.equal(['error', { client: 'rp-web', subject, attempt: 5, reason: 'status 500' }])
    for (const { token } of web.received) expect(JSON.stringify(logged)).to.not.include(token)
  })

  for (const status of [400, 401, 404, 410]) {
    it(`O05 takes ${status} for a final no`, async () => {
      web.status = status
      const visitor = createVisitor(server.issuer)
      await signIn(visitor, clients.web)
      await signOut(visitor)
      await until(async () => logsOf('given_up').length === 1 && (await kept()).length === 0)
      expect([web.received.length, pauses.length]).to.deep.equal([1, 0])
    })
  }
  for (const status of [200, 202, 204]) {
    it(`takes ${status} for a yes`, async () => {
      web.status = status
      const visitor = createVisitor(server.issuer)
      await signIn(visitor, clients.web)
      await signOut(visitor)
      await until(() => logsOf('delivered').length === 1)
      expect(web.received).to.have.length(1)
    })
  }
  it('G02 K08 follows no redirect of a logout endpoint', async () => {
    web.status = 307
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, clients.web)
    await signOut(visitor)
    await until(() => logsOf('given_up').length === 1)
    expect(logsOf('given_up')[0]?.[2]?.reason).to.equal('redirect')
  })

  it('forgets what it owes to a client that is gone', async () => {
    const { secret } = await server.parts.clients.add({
      id: 'rp-gone',
      name: 'gone',
      kind: 'web',
      redirectUris: [redirectUri],
      firstParty: true,
      apis: { [api]: ['notes:read'] },
      backchannelLogoutUri: web.uri,
    })
    web.status = 500
    const visitor = createVisitor(server.issuer)
    await signIn(visitor, { id: 'rp-gone', secret })
    await signOut(visitor)
    await until(() => pauses.length === 1)
    await server.parts.clients.remove('rp-gone')
    pauses[0]?.[1]()
    await until(async () => (await kept()).length === 0)
    expect(web.received).to.have.length(1)
  })

  it('shows in the metadata that it can', async () => {
    const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).to.include({ backchannel_logout_supported: true, backchannel_logout_session_supported: true })
  })

  it('O05 tells after a restart what the process before could not', async () => {
    const folder = temporaryFolder()
    const party = await startLogoutEndpoint()
    party.status = 500
    const first = await startTestServer({ settings, folder, later: () => {} })
    await first.parts.accounts.add({ email: 'ada@example.com', password: 'correct horse battery staple' })
    await first.parts.clients.add({
      id: 'rp-web',
      name: 'rp-web',
      kind: 'web',
      redirectUris: [redirectUri],
      firstParty: true,
      apis: { [api]: ['notes:read'] },
      backchannelLogoutUri: party.uri,
    })
    const visitor = createVisitor(first.issuer)
    await passThrough(visitor, await visitor.open(authorizationUrl(first.issuer, 'rp-web', challenge)))
    const refused = party.next()
    await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
    const before = decodeJwt((await refused).token)
    await first.close()
    party.status = 200
    const told = party.next()
    const second = await startTestServer({
      settings: { ...settings, listen: { port: Number(new URL(first.issuer).port) } },
      folder,
    })
    const { payload } = await verifyLogoutToken((await told).token, second.issuer, 'rp-web')
    expect(payload).to.include({ sub: before.sub, sid: before.sid })
    await until(async () => (await second.parts.store.notices.list(10)).length === 0)
    await second.close()
    await party.close()
  })
})

describe('a logout endpoint on a private network', () => {
  it('G02 is not connected to, and the sign-out is done', async () => {
    const party = await startLogoutEndpoint()
    const reasons: unknown[] = []
    const log = {
      info() {},
      error: (event: string, fields?: Fields) => void (event === 'backchannel_logout.given_up' && reasons.push(fields?.reason)),
    }
    const server = await startTestServer({ log })
    await server.parts.accounts.add({ email: 'ada@example.com', password: 'correct horse battery staple' })
    for (const [id, uri] of [
      ['rp-http', party.uri],
      ['rp-https', party.uri.replace('http:', 'https:')],
    ])
      await formerly(server).add({
        id,
        name: id,
        kind: 'web',
        redirectUris: [redirectUri],
        firstParty: true,
        apis: { [api]: ['notes:read'] },
        backchannelLogoutUri: uri,
      })
    const visitor = createVisitor(server.issuer)
    for (const id of ['rp-http', 'rp-https'])
      await passThrough(visitor, await visitor.open(authorizationUrl(server.issuer, id, pkce().challenge)))
    const done = await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
    expect(done.status).to.equal(200)
    await until(() => reasons.length === 2)
    expect(reasons).to.have.members(['scheme', 'address'])
    expect(party.received).to.have.length(0)
    await server.close()
    await party.close()
  })
})

/** What happens by itself, soon: asked again at every turn of the loop, until mocha's own patience ends. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}
