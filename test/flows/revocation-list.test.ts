/** The list by which APIs that verify tokens by themselves learn what ended (docs/revocation.md). */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { question, revoke } from '../support/questions.ts'
import { type SecondProcess, startSecondProcess } from '../support/second-process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, token, tokensFor } from '../support/story.ts'

interface List extends JWTPayload {
  cursor: string
  lineage: string
  before?: number
  more?: true
  entries: [string, number, number?][]
}

describe('the list of revocations', () => {
  let server: TestServer
  let second: SecondProcess
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    second = await startSecondProcess(server)
  })
  after(async () => {
    await second?.stop()
    await server?.close()
  })

  const ask = (query = '', port = server.port) => fetch(`http://localhost:${port}/revocations${query}`)
  const textOf = async (query = '') => (await ask(query)).text()
  const list = async (query = '', port?: number) => {
    const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
    const checks = { issuer: server.issuer, typ: 'revocations+jwt', requiredClaims: ['iat', 'exp'] }
    return (await jwtVerify(await (await ask(query, port)).text(), keys, checks)).payload as List
  }
  const about = (kind: string, value: string) => {
    const inner = createHash('sha256').update(value).digest('base64url')
    const whole = createHash('sha256').update(`${server.issuer}\n${kind}\n${inner}`).digest()
    return whole.subarray(0, 16).toString('base64url')
  }
  const digests = ({ entries }: List) => entries.map(([digest]) => digest)
  const machineToken = async () =>
    (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string

  it('says that a token and a grant ended, and until when that matters, and not whose they were', async () => {
    const [machines, persons] = [await machineToken(), (await tokensFor(server, who.web)).access_token as string]
    const before = await list()
    await revoke(server, who.machine, machines)
    await revoke(server, who.web, persons)
    const after = await list(`?after=${before.cursor}`)
    const { jti, exp } = decodeJwt(machines)
    const { grant } = decodeJwt(persons)
    expect(digests(after)).to.deep.equal([about('token', jti as string), about('grant', grant as string)])
    expect(after.entries[0]).to.deep.equal([about('token', jti as string), (exp as number) + 300])
    expect(digests(before), 'and not before').to.not.include.members(digests(after))
    expect(digests(await list())).to.include.members(digests(after))
    expect(after.exp! - after.iat!).to.equal(60)
    expect(JSON.stringify(after)).to.not.include(who.subject)
  })
  it('is told in whole to whoever comes from elsewhere', async () => {
    const whole = await list()
    expect(whole.entries).to.not.deep.equal([])
    for (const after of ['', 'x', `x${whole.cursor}`, whole.cursor.replace(/\d+$/, '999999'), `${whole.cursor}0000000000000000`])
      expect((await list(`?after=${encodeURIComponent(after)}&wait=25`)).entries, after).to.deep.equal(whole.entries)
    expect((await list(`?after=${whole.cursor}`)).entries).to.deep.equal([])
  })
  it('is signed once for all who ask for the same', async () => {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => textOf()))).size).to.equal(1)
  })
  it('comes the moment something ends, in whichever process it ended', async () => {
    for (const [asked, port] of [
      [server.port, second.port],
      [second.port, server.port],
    ]) {
      const jwt = await machineToken()
      const { cursor } = await list()
      const waiting = list(`?after=${cursor}&wait=25`, asked)
      await revoke({ ...server, issuer: `http://localhost:${port}` } as TestServer, who.machine, jwt)
      expect(digests(await waiting)).to.deep.equal([about('token', decodeJwt(jwt).jti as string)])
    }
  })
  it('comes empty when the wait is over', async () => {
    const { cursor } = await list()
    const { entries, cursor: same } = await list(`?after=${cursor}&wait=1`)
    expect([entries, same]).to.deep.equal([[], cursor])
  })
  it('may be read by pages of other origins, and kept for a second', async () => {
    const answer = await ask()
    expect(answer.headers.get('content-type')).to.equal('application/jwt')
    expect(answer.headers.get('cache-control')).to.equal('public, max-age=1')
    expect(answer.headers.get('access-control-allow-origin')).to.equal('*')
    expect(decodeProtectedHeader(await answer.text())).to.include({ typ: 'revocations+jwt', alg: 'ES256' })
  })
  it('refuses a wait that is none', async () => {
    for (const query of ['?wait=x', '?wait=-1', '?wait=1.5', '?wait=1&wait=2', '?after=a.1&after=a.2', '?wait=99999'])
      expect((await ask(query)).status, query).to.equal(400)
    expect((await ask('?wait=0')).status).to.equal(200)
  })
  it('is no access token', async () => {
    const jwt = await textOf()
    expect((await question(server, 'introspection', who.machine, { token: jwt })).body.active).to.not.equal(true)
    expect((await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${jwt}` } })).status).to.equal(401)
  })
  it('lets go of all who wait when its server stops', async () => {
    const other = await startTestServer({ folder: server.folder, issuer: server.issuer })
    const { cursor } = await list()
    const waiting = fetch(`http://localhost:${other.port}/revocations?after=${cursor}&wait=25`)
    await fetch(`http://localhost:${other.port}/health/live`)
    await other.close()
    expect((await waiting).status).to.equal(200)
  })
  it('begins anew when a backup was restored: all that was issued before is dead', async () => {
    const { cursor, before } = await list()
    expect(before).to.equal(undefined)
    const waiting = list(`?after=${cursor}&wait=25`)
    await list()
    const beganAt = server.parts.now()
    await server.parts.store.lineage.begin({ id: 'restored', beganAt })
    const anew = await waiting
    expect(anew).to.include({ lineage: 'restored', before: beganAt })
    expect(anew.entries).to.deep.equal((await list()).entries)
  })
})
