import { expect } from 'chai'
import { gauntlet, runGauntlet } from '../../src/cli/gauntlet.ts'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { node } from '../../src/resource-server/node.ts'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { type Loopback, loopback } from '../resource-server/support.ts'
import { freePort } from '../support/ports.ts'
import { startSampleApi } from '../support/sample-api.ts'
import { inThisProcess } from './program.ts'

const resource = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })

const parsed = (text: string): { alg?: unknown } => {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

describe('signet gauntlet', () => {
  const issuer = createTestIssuer({ resource })
  const claims = { scope: 'notes:read' }
  let api: Loopback
  afterEach(() => api?.close())

  it('finds nothing at the sample API in a process of its own, API keys among the tokens', async () => {
    const issuerPort = String(await freePort())
    const sample = await startSampleApi(`http://localhost:${issuerPort}`)
    const args = [
      '--url',
      `${sample.url}/notes`,
      '--scope',
      'notes:read',
      '--issuer-port',
      issuerPort,
      '--count',
      '1000',
      '--api-keys',
    ]
    const { code, stdout } = await inThisProcess(['gauntlet', ...args, '--json'])
    await sample.stop()
    expect([code, JSON.parse(stdout)]).to.deep.equal([0, { sent: 1000, wronglyAccepted: [], wronglyRefused: [], failed: [] }])
  })
  it('finds nothing at an API that the kit protects', async () => {
    const { protect } = node(createResourceServer({ ...issuer.options, keys: {}, resource }))
    api = await loopback(protect('notes:read', (_request, response) => response.end('notes')))
    const report = await runGauntlet(api.url, issuer, { claims, count: 2000 })
    expect(report).to.deep.equal({ sent: 2000, wronglyAccepted: [], wronglyRefused: [], failed: [] })
  })
  it('names what a verifier accepts that believes what it reads, and where it fails', async () => {
    api = await loopback((request, response) => {
      const payload = request.headers.authorization?.split('.')[1] ?? ''
      let status = 500
      try {
        status = JSON.parse(Buffer.from(payload, 'base64url').toString()).iss === issuer.issuer ? 200 : 401
      } catch {}
      response.writeHead(status).end()
    })
    const { wronglyAccepted, wronglyRefused, failed } = await runGauntlet(api.url, issuer, { claims, count: 1000 })
    expect(wronglyAccepted.map(({ how }) => how)).to.include.members(['alg none', 'HS256 with the public key'])
    expect([wronglyRefused.length, failed.length > 0]).to.deep.equal([0, true])
  })
  it('takes a 403 for what it is: the token was believed', async () => {
    api = await loopback((request, response) => {
      const [, header = ''] = request.headers.authorization?.split(/[ .]/) ?? []
      const { alg } = parsed(Buffer.from(header, 'base64url').toString())
      response.writeHead(alg === 'HS256' ? 403 : alg === 'ES256' ? 200 : 401).end()
    })
    const { wronglyAccepted } = await runGauntlet(api.url, issuer, { claims, count: 1000 })
    expect(wronglyAccepted.filter(({ status }) => status === 403).map(({ how }) => how)).to.include('HS256 with the public key')
  })
  it('waits for an API that has not found its issuer yet', async () => {
    let asked = 0
    api = await loopback((_request, response) => response.writeHead(++asked > 2 ? 200 : 503).end())
    const { sent } = await runGauntlet(api.url, issuer, { claims, count: 1 })
    expect([sent, asked]).to.deep.equal([1, 4])
  })
  it('says so where the API does not trust its issuer', async () => {
    api = await loopback((_request, response) => response.writeHead(401).end())
    expect(await runGauntlet(api.url, issuer, { claims, count: 10 }).catch((error) => error.code)).to.equal('good_token_refused')
  })
  it('aims at this machine alone', async () => {
    for (const url of ['https://localhost/', 'http://api.example.com/', 'http://localhost.example.com/', 'file:///etc', 'x'])
      expect(await gauntlet({ url }).catch((error) => error.code), url).to.equal('invalid_request')
  })
})
