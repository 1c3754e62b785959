/** X08: the database cannot be written. Nothing is half done, what needs no write goes on, and all goes on when the fault is gone. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { connectionsOf } from '../support/connections.ts'
import { question } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  passThrough,
  password,
  pkce,
  redeem,
  refresh,
  token,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

interface Broken {
  server: TestServer
  hinder(): void
  mend(): void
  remove(): void
}

const onDisk = mountSmallDisk()
after(() => onDisk?.remove())

/** What an operator meets, each by the shortest way there. */
const faults: Record<string, (() => Promise<Broken>) | undefined> = {
  async 'is locked by another process'() {
    const server = await startTestServer()
    const other = new DatabaseSync(path.join(server.settings.dataFolder, 'signet.sqlite'))
    return {
      server,
      hinder: () => other.exec('begin immediate'),
      mend: () => other.exec('rollback'),
      remove: () => other.close(),
    }
  },
  async 'may only be read'() {
    const [server, connections] = await connectionsOf(() => startTestServer())
    const only = (yes: 0 | 1) => () => {
      for (const connection of connections) connection.exec(`pragma query_only = ${yes}`)
    }
    return { server, hinder: only(1), mend: only(0), remove: () => {} }
  },
  'is on a disk that is full':
    onDisk &&
    (async () => {
      const server = await startTestServer({ folder: onDisk.folder })
      return { server, hinder: onDisk.fill, mend: onDisk.makeRoom, remove: () => {} }
    }),
}

for (const [fault, prepare] of Object.entries(faults)) {
  if (!prepare) continue
  describe(`X08 a database that ${fault}`, () => {
    let broken: Broken
    let server: TestServer
    let who: Cast
    before(async () => {
      broken = await prepare()
      server = broken.server
      who = await cast(server)
    })
    after(async () => {
      broken.remove()
      await server.close()
    })
    // Readiness is asked anew each second.
    beforeEach(() => travel(2))
    afterEach(returnToPresent)

    const ready = async () => {
      const response = await fetch(`${server.issuer}/health/ready`)
      return { status: response.status, retry: response.headers.get('retry-after'), body: await response.json() }
    }
    const whileBroken = async (act: () => Promise<void>) => {
      broken.hinder()
      try {
        await act()
      } finally {
        broken.mend()
      }
      travel(2)
      expect(await ready(), 'afterwards').to.deep.equal({ status: 200, retry: null, body: { status: 'ready' } })
    }
    const refusedFor = ({ status, headers, text }: { status: number; headers: Headers; text: string }) => {
      expect(status, text).to.equal(503)
      expect(headers.get('retry-after')).to.match(/^\d+$/)
      expect(text).to.not.include('access_token')
    }
    const asText = ({ body, ...answer }: Awaited<ReturnType<typeof redeem>>) => ({ ...answer, text: JSON.stringify(body) })

    it('answers 503 and when to come back, says that it is not ready, and nothing is lost by it', async () => {
      const signed = await codeFor(server, who.native)
      const before = (await redeem(server, who.native, await codeFor(server, who.native))).body.refresh_token as string
      await whileBroken(async () => {
        const [redeemed, rotated, isReady] = await Promise.all([
          redeem(server, who.native, signed),
          refresh(server, who.native, before),
          ready(),
        ])
        refusedFor(asText(redeemed))
        refusedFor(asText(rotated))
        expect(isReady).to.deep.equal({ status: 503, retry: '2', body: { status: 'not ready', missing: ['store'] } })
        expect((await fetch(`${server.issuer}/health/live`)).status).to.equal(200)
      })
      expect((await redeem(server, who.native, signed)).status, 'the code is as good as it was').to.equal(200)
      expect((await refresh(server, who.native, before)).status, 'the refresh token too').to.equal(200)
    })

    it('ends nothing that it did not say it had ended', async () => {
      const tokens = (await redeem(server, who.native, await codeFor(server, who.native))).body
      const revoke = () => question(server, 'revocation', who.native, { token: tokens.refresh_token as string })
      await whileBroken(async () => refusedFor(await revoke()))
      const { body } = await refresh(server, who.native, tokens.refresh_token as string)
      expect(body).to.have.property('access_token')
      expect((await revoke()).status).to.equal(200)
      expect((await refresh(server, who.native, body.refresh_token as string)).status).to.equal(400)
    })

    it('signs nobody in, and whoever begins again afterwards is signed in', async () => {
      const visitor = createVisitor(server.issuer)
      const request = () => visitor.open(authorizationUrl(server.issuer, who.own.id, pkce().challenge))
      const page = await request()
      const before = counted(server, 'artifacts')
      await whileBroken(async () => {
        const refused = await visitor.submit(page, '/sign-in', { email: who.email, password })
        refusedFor({ ...refused, text: refused.html })
        expect(counted(server, 'artifacts')).to.deep.equal(before)
      })
      expect((await passThrough(visitor, await request())).searchParams.get('code')).to.be.a('string')
    })

    it('goes on with what needs no write: keys, metadata and tokens of machines', async () => {
      await whileBroken(async () => {
        for (const path of ['/jwks', '/.well-known/openid-configuration'])
          expect((await fetch(server.issuer + path)).status, path).to.equal(200)
        const { status } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
        expect(status).to.equal(200)
      })
    })
  })
}

function counted({ settings }: TestServer, table: string): unknown {
  const database = new DatabaseSync(path.join(settings.dataFolder, 'signet.sqlite'), { readOnly: true })
  try {
    return database.prepare(`select model, count(*) as n from ${table} group by model order by model`).all()
  } finally {
    database.close()
  }
}

describe('X08 a lock that another process soon lets go of', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  it('stands in nobody’s way who needs no write, and whoever needs one waits', async () => {
    const tokens = (await redeem(server, who.native, await codeFor(server, who.native))).body
    const other = new DatabaseSync(path.join(server.settings.dataFolder, 'signet.sqlite'))
    other.exec('begin immediate')
    let isAnswered = false
    const rotated = refresh(server, who.native, tokens.refresh_token as string).finally(() => {
      isAnswered = true
    })
    // A server that stands still for the lock answers these after it.
    for (let asked = 0; asked < 10; asked++) {
      expect((await fetch(`${server.issuer}/jwks`)).status).to.equal(200)
      const { status } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      expect(status).to.equal(200)
    }
    expect(isAnswered).to.equal(false)
    other.exec('rollback')
    other.close()
    expect((await rotated).status).to.equal(200)
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
