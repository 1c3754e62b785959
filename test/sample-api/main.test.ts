import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import * as oauth from 'oauth4webapi'
import { keys, loopback, startIssuer, type TestIssuer } from '../resource-server/support.ts'
import { freePort } from '../support/ports.ts'
import { now } from '../support/time.ts'

const main = fileURLToPath(new URL('../../src/sample-api/main.ts', import.meta.url))

const insecure = { [oauth.allowInsecureRequests]: true }

interface Running {
  process: ChildProcess
  output(): string
}

function start(environment: Record<string, string>): Running {
  const process_ = spawn(process.execPath, [main], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (chunk) => (text += chunk))
  return { process: process_, output: () => text }
}

async function listening(running: Running): Promise<void> {
  const ended = once(running.process, 'exit').then(() => expect.fail(`it ended: ${running.output()}`))
  while (!running.output().includes('\n')) await Promise.race([once(running.process.stdout!, 'data'), ended])
}

describe('sample API', () => {
  let issuer: TestIssuer
  let running: Running
  let url: string

  before(async () => {
    issuer = await startIssuer(keys.ES256)
    const port = await freePort()
    url = `http://localhost:${port}`
    running = start({ SIGNET_ISSUER: issuer.url, SIGNET_API_PORT: String(port) })
    await listening(running)
  })
  after(async () => {
    running.process.kill('SIGKILL')
    await issuer.close()
  })

  const token = (claims: object = {}) => issuer.mint({ aud: url, iat: now(), exp: now() + 600, ...claims })
  const call = (method: string, path: string, bearer?: string, body?: string) =>
    fetch(url + path, { method, headers: bearer ? { authorization: `Bearer ${bearer}` } : {}, ...(body && { body }) })
  const all = { scope: 'notes:read notes:write notes:delete' }
  const notesOf = async (bearer: string) =>
    ((await (await call('GET', '/notes', bearer)).json()) as { notes: { id: string; text: string }[] }).notes

  it('says in one line where it listens and whose tokens it takes', () => {
    expect(running.output().trimEnd().split('\n')).to.have.length(1)
    expect(running.output()).to.include(url).and.include(issuer.url)
  })
  it('is healthy without a token', async () => {
    const response = await call('GET', '/health')
    expect([response.status, await response.json()]).to.deep.equal([200, { status: 'ok' }])
  })
  it('keeps notes: writes, reads, deletes', async () => {
    const ada = token({ ...all, sub: 'ada' })
    const created = await call('POST', '/notes', ada, JSON.stringify({ text: 'Buy tea' }))
    expect(created.status).to.equal(201)
    const note = (await created.json()) as { id: string; text: string }
    expect(await notesOf(ada)).to.deep.equal([note])
    expect((await call('DELETE', `/notes/${note.id}`, ada)).status).to.equal(204)
    expect((await call('DELETE', `/notes/${note.id}`, ada)).status).to.equal(404)
    expect(await notesOf(ada)).to.deep.equal([])
  })
  it('keeps the notes of each apart, and those of a client called like a person', async () => {
    const [bea, carl, client] = [
      token({ ...all, sub: 'bea' }),
      token({ ...all, sub: 'carl' }),
      token({ ...all, sub: 'bea', client_id: 'bea' }),
    ]
    await call('POST', '/notes', bea, '{"text":"mine"}')
    const [note] = await notesOf(bea)
    for (const other of [carl, client]) {
      expect(await notesOf(other)).to.deep.equal([])
      expect((await call('DELETE', `/notes/${note?.id}`, other)).status).to.equal(404)
    }
    expect(await notesOf(bea)).to.have.length(1)
  })
  for (const [method, path, scope] of [
    ['GET', '/notes', 'notes:read'],
    ['POST', '/notes', 'notes:write'],
    ['DELETE', '/notes/x', 'notes:delete'],
  ] as const) {
    it(`${method} needs ${scope} and nothing else does`, async () => {
      const others = all.scope.replace(scope, '')
      const response = await call(method, path, token({ scope: others }))
      expect(response.status).to.equal(403)
      expect(response.headers.get('www-authenticate')).to.include(`error="insufficient_scope", scope="${scope}"`)
      expect((await call(method, path, token({ scope }))).status).to.not.be.oneOf([401, 403])
      expect((await call(method, path)).status).to.equal(401)
    })
  }
  it('tells oauth4webapi who issues its tokens and what they may say (RFC 9728)', async () => {
    const answer = await oauth.resourceDiscoveryRequest(new URL(url), insecure)
    const metadata = await oauth.processResourceDiscoveryResponse(new URL(url), answer)
    expect(metadata.authorization_servers).to.deep.equal([issuer.url])
    expect(metadata.scopes_supported).to.include.members(all.scope.split(' '))
  })
  it('takes a token from oauth4webapi, and tells it why it takes another not (RFC 6750)', async () => {
    const ask = (bearer: string) =>
      oauth.protectedResourceRequest(bearer, 'GET', new URL('/notes', url), undefined, undefined, insecure)
    expect((await ask(token(all))).status).to.equal(200)
    for (const [bearer, status, error] of [
      [token({ ...all, exp: now() - 600 }), 401, 'invalid_token'],
      [token({ scope: 'notes:write' }), 403, 'insufficient_scope'],
    ] as const) {
      const refused = await ask(bearer).catch((thrown) => thrown)
      expect(refused).to.be.instanceOf(oauth.WWWAuthenticateChallengeError).and.to.include({ status })
      expect(refused.cause[0]).to.deep.include({ scheme: 'bearer' })
      expect(refused.cause[0].parameters).to.include({
        error,
        resource_metadata: `${url}/.well-known/oauth-protected-resource`,
      })
    }
  })
  it('refuses a token for another API', async () => {
    expect((await call('GET', '/notes', token({ aud: 'http://localhost:1' }))).status).to.equal(401)
  })
  it('takes small JSON objects with a text', async () => {
    const ada = token({ ...all, sub: 'dora' })
    const post = async (body: string) => (await call('POST', '/notes', ada, body)).status
    expect(await post('{"text":"x"}')).to.equal(201)
    for (const body of ['', 'no json', '[]', 'null', '{}', '{"text":""}', '{"text":7}', '{"text":["x"]}'])
      expect(await post(body), body).to.equal(400)
    expect(await post(JSON.stringify({ text: 'x'.repeat(5000) }))).to.equal(413)
    expect(await post(JSON.stringify({ text: 'x'.repeat(5_000_000) }))).to.equal(413)
  })
  it('keeps the newest hundred notes', async () => {
    const eve = token({ ...all, sub: 'eve' })
    for (let i = 0; i < 105; i++) await call('POST', '/notes', eve, JSON.stringify({ text: `${i}` }))
    const kept = await notesOf(eve)
    expect(kept).to.have.length(100)
    expect(kept.at(-1)?.text).to.equal('104')
  })
  it('R26 answers a header above 16 KB with 431', async () => {
    expect((await call('GET', '/notes', 'A'.repeat(17_000))).status).to.equal(431)
    expect((await call('GET', '/notes', 'A'.repeat(9000))).status).to.equal(401)
    expect((await call('GET', '/notes', token(all))).status).to.equal(200)
  })
  it('R21 answers two Authorization headers with 400', async () => {
    const twice = [`Bearer ${token(all)}`, `Bearer ${token(all)}`]
    const sent = request(`${url}/notes`)
    sent.setHeader('authorization', twice)
    const [response] = await once(sent.end(), 'response')
    response.resume()
    expect(response.statusCode).to.equal(400)
  })
  it('asked the issuer for its keys once in all this', () => {
    expect(issuer.fetches()).to.equal(1)
  })

  it('answers 503 while the issuer is away', async () => {
    const gone = await loopback(() => {})
    await gone.close()
    const port = await freePort()
    const lonely = start({ SIGNET_ISSUER: gone.url, SIGNET_API_PORT: String(port) })
    await listening(lonely)
    const response = await fetch(`http://localhost:${port}/notes`, { headers: { authorization: `Bearer ${token()}` } })
    lonely.process.kill('SIGKILL')
    expect(response.status).to.equal(503)
    expect(response.headers.get('retry-after')).to.match(/^\d+$/)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops cleanly on ${signal}`, async () => {
      const other = start({ SIGNET_ISSUER: issuer.url, SIGNET_API_PORT: String(await freePort()) })
      await listening(other)
      other.process.kill(signal)
      expect(await once(other.process, 'close')).to.deep.equal([0, null])
    })
  }
  it('says that its port is taken in one line, and ends with 1', async () => {
    const other = start({ SIGNET_ISSUER: issuer.url, SIGNET_API_PORT: new URL(url).port })
    expect(await once(other.process, 'close')).to.deep.equal([1, null])
    expect(other.output().trimEnd()).to.match(/^sample API: port \d+ is taken.*$/)
  })
})
