/** X08: the database cannot be written. Nothing is half done, what needs no write goes on, and all goes on when the fault is gone. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, codeFor, redeem, refresh, token } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('X08 a database that cannot be written', () => {
  let server: TestServer
  let who: Cast
  let other: DatabaseSync
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    other = new DatabaseSync(path.join(server.settings.dataFolder, 'signet.sqlite'))
  })
  after(async () => {
    other.close()
    await server.close()
  })
  // Readiness is asked anew each second.
  beforeEach(() => travel(2))
  afterEach(returnToPresent)

  const ready = async () => {
    const response = await fetch(`${server.issuer}/health/ready`)
    return { status: response.status, retry: response.headers.get('retry-after'), body: await response.json() }
  }

  it('is ready as long as it can be', async () => {
    expect(await ready()).to.deep.equal({ status: 200, retry: null, body: { status: 'ready' } })
  })

  it('answers 503 and when to come back while another process holds the lock, and nothing is lost by it', async () => {
    const signed = await codeFor(server, who.native)
    const before = (await redeem(server, who.native, await codeFor(server, who.native))).body.refresh_token as string
    other.exec('begin immediate')
    try {
      const redeemed = await redeem(server, who.native, signed)
      expect(redeemed.status).to.equal(503)
      expect(redeemed.body).to.not.have.property('access_token')
      expect(redeemed.headers.get('retry-after')).to.match(/^\d+$/)
      const rotated = await refresh(server, who.native, before)
      expect(rotated.status).to.equal(503)
      expect(rotated.body).to.not.have.property('access_token')
      expect(await ready()).to.deep.equal({ status: 503, retry: '2', body: { status: 'not ready', missing: ['store'] } })
      expect((await fetch(`${server.issuer}/health/live`)).status).to.equal(200)
    } finally {
      other.exec('rollback')
    }
    travel(2)
    expect((await ready()).status).to.equal(200)
    expect((await redeem(server, who.native, signed)).status, 'the code is as good as it was').to.equal(200)
    expect((await refresh(server, who.native, before)).status, 'the refresh token too').to.equal(200)
  })

  it('goes on with what needs no write: keys, metadata and tokens of machines', async () => {
    other.exec('begin immediate')
    try {
      for (const path of ['/jwks', '/.well-known/openid-configuration'])
        expect((await fetch(server.issuer + path)).status, path).to.equal(200)
      const { status } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      expect(status).to.equal(200)
    } finally {
      other.exec('rollback')
    }
  })
})

describe('the answer for verifiers that have the keys', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  for (const where of ['/jwks', '/.well-known/jwks.json']) {
    it(`is 304 at ${where}, and the keys to whoever has others`, async () => {
      const first = await fetch(server.issuer + where)
      const etag = first.headers.get('etag') as string
      expect(first.headers.get('cache-control')).to.equal('public, max-age=300')
      const again = await fetch(server.issuer + where, { headers: { 'if-none-match': etag } })
      expect([again.status, await again.text(), again.headers.get('cache-control')]).to.deep.equal([
        304,
        '',
        'public, max-age=300',
      ])
      const others = await fetch(server.issuer + where, { headers: { 'if-none-match': '"others"' } })
      expect(others.status).to.equal(200)
      expect(await others.json()).to.deep.equal(await first.json())
    })
  }
})
