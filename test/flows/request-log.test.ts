/** A line for each request, where that is wished: its route, never its address; and one id for all that is said of it. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { keptLog } from '../support/log.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, pkce, token } from '../support/story.ts'
import { until } from '../support/until.ts'

describe('the log of requests', () => {
  const { log, lines } = keptLog()
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ log, settings: { log: { requests: true }, trustedProxies: ['127.0.0.1', '::1'] } })
    who = await cast(server)
  })
  after(() => server.close())
  beforeEach(() => {
    lines.length = 0
  })
  /** The line comes when the connection is done with the answer, which may be after whoever asked has it. */
  const said = (count = 1) =>
    until(`${count} lines`, () => {
      const found = lines.filter(({ event }) => event === 'request')
      return found.length >= count && found
    })

  it('names route, status, time and client of a token', async () => {
    const { headers } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    const [line] = await said()
    expect(line).to.include({ method: 'POST', route: 'token', status: 200, client: 'machine', complete: true, level: 'info' })
    expect(line?.milliseconds).to.be.a('number').greaterThan(0)
    expect(line?.request).to.equal(headers.get('x-request-id'))
  })

  it('holds nothing of the address', async () => {
    const url = authorizationUrl(server.issuer, 'web', pkce().challenge, { state: 'a-state-of-mine' })
    await createVisitor(server.issuer).open(url)
    const all = await said(2)
    expect(all.map(({ route }) => route)).to.deep.equal(['authorization', 'interaction'])
    expect(JSON.stringify(all)).to.not.match(/a-state-of-mine|code_challenge|interaction\//)
  })

  for (const [what, path, init, status, route] of [
    ['too long an address', `/${'a'.repeat(9_000)}`, {}, 414, 'other'],
    ['too large a body', '/token', { method: 'POST', body: 'a'.repeat(70_000) }, 413, 'token'],
    ['nothing', '/nothing-here', {}, 404, 'other'],
    ['the home page', '/', {}, 200, 'home'],
  ] as const)
    it(`has a line for ${what}`, async () => {
      await fetch(server.issuer + path, init).catch(() => {})
      expect((await said())[0]).to.include({ route, status })
    })

  it('joins the line of a refusal, the answer and the request by one id', async () => {
    const response = await fetch(`${server.issuer}/nothing-here`)
    const [refused] = lines.filter(({ event }) => event === 'refused')
    const [answered] = await said()
    const id = response.headers.get('x-request-id')
    expect(id).to.match(/^[0-9a-f-]{36}$/)
    expect([refused?.request, answered?.request]).to.deep.equal([id, id])
  })

  it('takes the id of a trusted proxy, if it is one', async () => {
    const idFor = async (given: string) =>
      (await fetch(`${server.issuer}/`, { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    expect(await idFor('444535f9378a3dfa1b8604bc9e05a303')).to.equal('444535f9378a3dfa1b8604bc9e05a303')
    for (const odd of ['short', 'with space in it', '<script>alert(1)</script>', 'a'.repeat(129)])
      expect(await idFor(odd), odd).to.match(/^[0-9a-f-]{36}$/)
  })
})

describe('the log without lines of requests', () => {
  it('has none, and takes no id from whoever is no proxy', async () => {
    const { log, lines } = keptLog()
    const server = await startTestServer({ log })
    const response = await fetch(`${server.issuer}/`, { headers: { 'x-request-id': 'an-id-of-a-stranger' } })
    await response.arrayBuffer()
    await server.close()
    expect(response.headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/)
    expect(lines.filter(({ event }) => event === 'request')).to.deep.equal([])
  })
})
