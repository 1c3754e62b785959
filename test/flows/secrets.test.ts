/** One secret takes the place of another while people are at it: nobody is signed out, and no code and no refresh token fails. */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { reseal } from '../../src/main/reseal.ts'
import { takeCensus } from '../../src/main/secrets.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { refusalOf } from '../crypto/folder.ts'
import { confirmCode, type Device, deviceFor, enterCode, poll } from '../support/device.ts'
import { keptLog } from '../support/log.ts'
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  type Credentials,
  cast,
  codeFor,
  pkce,
  redeem,
  redirectUri,
  refresh,
  type Signed,
  type Site,
  tokensFor,
} from '../support/story.ts'
import { until } from '../support/until.ts'

const old = 'the-secret-of-before-which-is-long-enough'
const fresh = 'the-secret-of-after-which-is-long-enough-too'
const third = 'a-secret-that-has-nothing-to-do-with-it-all'

describe('a secret that is replaced', () => {
  let server: TestServer
  let who: Cast
  let pairwise: Credentials
  let names: { old: string; fresh: string }
  let log: ReturnType<typeof keptLog>
  before(async () => {
    server = await startTestServer({ masterSecret: old })
    who = await cast(server)
    const { secret } = await server.parts.clients.add({
      id: 'pairwise',
      name: 'Pairwise',
      kind: 'web',
      redirectUris: [redirectUri],
      subjectType: 'pairwise',
    })
    pairwise = { id: 'pairwise', secret }
  })
  after(() => server.close())

  /** At the same address, with what is there. */
  async function restart(masterSecret: string): Promise<void> {
    const { folder, settings } = server
    await server.close()
    log = keptLog()
    server = await startTestServer({ folder, masterSecret, log: log.log, settings: { listen: settings.listen } })
  }
  const census = () => takeCensus(server.parts.store)

  /** What is under way for a person at any moment. */
  interface UnderWay {
    signed: Signed
    refreshToken: string
    code: Signed
    device: Device
    subject: string
  }
  async function begin(): Promise<UnderWay> {
    const signed = await codeFor(server, who.native)
    const { refresh_token } = (await redeem(server, who.native, signed)).body
    const code = await codeFor(server, who.web)
    const subject = decodeJwt((await tokensFor(server, pairwise, { scope: 'openid' })).id_token!).sub!
    return { signed, refreshToken: refresh_token!, code, device: await deviceFor(server, who.tv), subject }
  }
  async function isSignedIn({ visitor }: Signed): Promise<void> {
    const silent = authorizationUrl(server.issuer, 'own', pkce().challenge, { prompt: 'none' })
    expect((await visitor.open(silent)).leftTo?.searchParams.get('code')).to.be.a('string')
  }
  async function refreshed(one: UnderWay): Promise<void> {
    const { status, body } = await refresh(server, who.native, one.refreshToken)
    expect(status).to.equal(200)
    one.refreshToken = body.refresh_token!
  }
  async function goesOn(one: UnderWay): Promise<void> {
    await isSignedIn(one.signed)
    await refreshed(one)
    expect((await redeem(server, who.web, one.code)).status).to.equal(200)
    const person = createVisitor(server.issuer)
    await person.submit(await confirmCode(person, await enterCode(person, one.device.user_code)), '/consent', {
      decision: 'allow',
    })
    expect((await poll(server, one.device)).status).to.equal(200)
    const { id_token } = await tokensFor(server, pairwise, { scope: 'openid' })
    expect(decodeJwt(id_token!).sub).to.equal(one.subject)
  }

  /** Is not seen again before the old secret is dropped. */
  let away: UnderWay
  it('signs nobody out when it becomes the second, and whatever is under way goes on', async () => {
    const one = await begin()
    away = await begin()
    const [name] = server.parts.secrets.names
    await restart(`${fresh} ${old}`)
    expect(server.parts.secrets.names[1]).to.equal(name)
    names = { old: name, fresh: server.parts.secrets.names[0] }
    await goesOn(one)
    expect([...(await census()).keys()]).to.have.members([names.old, names.fresh])
    expect(log.lines.filter(({ level }) => level === 'error')).to.deep.equal([])
  })
  it('takes the form of a page that was open meanwhile', async () => {
    await restart(old)
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge))
    await restart(`${fresh} ${old}`)
    const next = await visitor.submit(page, '/sign-in', { email: who.email, password: 'correct horse battery staple' })
    expect(next.forms.map(({ action }) => action).join()).to.match(/\/consent/)
  })
  it('can be dropped when all is sealed anew beside the running server, where no change of that moment is lost', async () => {
    const [one, busy] = [await begin(), await begin()]
    const { artifacts } = server.parts.store
    // Many, so that resealing takes a while.
    const filler = { model: 'Filler', payload: `${names.old}.x`, expiresAt: Math.floor(Date.now() / 1000) + 600 }
    await Promise.all(Array.from({ length: 3_000 }, (_, at) => artifacts.put({ ...filler, id: `${at}` })))
    let going = true
    const using = (async () => {
      let turns = 0
      for (; going; turns++) {
        await refreshed(busy)
        await isSignedIn(busy.signed)
      }
      return turns
    })()
    const { renewed, unreadable } = await reseal(server.parts)
    going = false
    expect(await using, 'refreshes and visits meanwhile').to.be.greaterThan(3)
    expect(unreadable, 'those that are no records, left as they are').to.equal(3_000)
    expect(renewed).to.be.greaterThan(5)
    await Promise.all(Array.from({ length: 3_000 }, (_, at) => artifacts.remove('Filler', `${at}`)))
    expect([...(await census()).keys()]).to.deep.equal([names.fresh])
    expect((await reseal(server.parts)).renewed, 'a second time there is nothing to do').to.equal(0)

    await restart(fresh)
    await goesOn(one)
    for (const each of [busy, away]) {
      await refreshed(each)
      await isSignedIn(each.signed)
    }
    expect(log.lines.filter(({ level }) => level === 'error')).to.deep.equal([])
  })
  it('is named when it is dropped too early: the keys that outlast secrets stop the start', async () => {
    await restart(`${third} ${fresh}`)
    const { folder, settings } = server
    await server.close()
    const refusal = await refusalOf(() => startTestServer({ folder, masterSecret: third, settings: { listen: settings.listen } }))
    expect(refusal.code).to.equal('missing_secret')
    expect(refusal.message).to.include(names.fresh).and.not.include(fresh)
    server = await startTestServer({ folder, masterSecret: `${third} ${fresh}`, settings: { listen: settings.listen } })
  })
  it('is named when it is dropped and some records are left: an error of the log, and 503 to who comes with one', async () => {
    const one = await begin()
    await reseal(server.parts)
    await restart(`${fresh} ${third}`)
    const left = await begin()
    await restart(`${third} ${fresh}`)
    await server.parts.vault.renew()
    await restart(third)
    const { name, records, warning } = await lineOf('secrets.missing')
    expect({ name }).to.deep.equal({ name: names.fresh })
    expect(records).to.be.greaterThan(3)
    expect(warning).to.match(new RegExp(`^${records} records were sealed under the secret ${names.fresh}, which is not given`))
    const { status, headers, body } = await refresh(server, who.native, left.refreshToken)
    expect([status, body.error, headers.get('retry-after')]).to.deep.equal([503, 'temporarily_unavailable', '1'])
    await refreshed(one)
    await restart(`${third} ${fresh}`)
    await refreshed(left)
  })

  const lineOf = (event: string) => until(event, () => log.lines.find((line) => line.event === event))

  it('cannot come in together with another where nobody knows which of them was there', async () => {
    const { folder, settings, parts } = server
    for (const { name } of await parts.store.vault.list('')) await parts.store.vault.remove(name)
    await server.close()
    const listen = settings.listen
    const refusal = await refusalOf(() => startTestServer({ folder, masterSecret: `${third} ${fresh}`, settings: { listen } }))
    expect(refusal.code).to.equal('unsettled_secret')
    server = await startTestServer({ folder, masterSecret: third, settings: { listen } })
  })
})

describe('a secret that is replaced on two nodes of one database', () => {
  let folder: string
  let nodes: TestServer[]
  let who: Cast
  beforeEach(() => {
    nodes = []
    folder ??= temporaryFolder()
  })
  afterEach(async () => {
    for (const node of nodes) await node.close()
  })

  /** The second answers for the first's issuer, as behind a balancer. */
  async function start(...secrets: [string, string]): Promise<[TestServer, Site]> {
    const first = await startTestServer({ folder, masterSecret: secrets[0] })
    const second = await startTestServer({ folder, masterSecret: secrets[1], issuer: first.issuer })
    nodes = [first, second]
    return [first, { ...second, issuer: `http://localhost:${second.port}` }]
  }
  async function refreshesAcross(begun: TestServer, at: Site): Promise<number> {
    const { refresh_token } = (await redeem(begun, who.native, await codeFor(begun, who.native))).body
    return (await refresh(at, who.native, refresh_token!)).status
  }

  it('is read by one before the other writes with it', async () => {
    const [one, other] = await start(`${old} ${fresh}`, `${fresh} ${old}`)
    who = await cast(one)
    const { refresh_token } = (await redeem(one, who.native, await codeFor(one, who.native))).body
    const next = (await refresh(other, who.native, refresh_token!)).body.refresh_token!
    expect((await refresh(one, who.native, next)).status).to.equal(200)
  })
  it('the control: one that has not heard of it yet cannot read what the other wrote', async () => {
    const [one, other] = await start(`${fresh} ${old}`, old)
    expect(await refreshesAcross(one, other)).to.equal(503)
  })
})

describeWithRedis('a secret that is replaced, with all artifacts in Redis', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())

  it('is dropped after everything was sealed anew, and nobody is signed out', async () => {
    const folder = temporaryFolder()
    const settings: Record<string, unknown> = { redis: { url: redis.url, artifacts: 'all' } }
    let server = await startTestServer({ folder, masterSecret: old, settings })
    settings.listen = server.settings.listen
    const who = await cast(server)
    const signed = await codeFor(server, who.own)
    const tokens = (await redeem(server, who.native, await codeFor(server, who.native))).body
    await server.close()
    server = await startTestServer({ folder, masterSecret: `${fresh} ${old}`, settings })
    const [freshName, oldName] = server.parts.secrets.names
    expect((await takeCensus(server.parts.store)).get(oldName!), 'in Redis and the vault').to.be.greaterThan(5)
    expect((await reseal(server.parts)).unreadable).to.equal(0)
    expect([...(await takeCensus(server.parts.store)).keys()]).to.deep.equal([freshName])
    await server.close()
    server = await startTestServer({ folder, masterSecret: fresh, settings })
    expect((await refresh(server, who.native, tokens.refresh_token!)).status).to.equal(200)
    const silent = authorizationUrl(server.issuer, 'own', pkce().challenge, { prompt: 'none' })
    expect((await signed.visitor.open(silent)).leftTo?.searchParams.get('code')).to.be.a('string')
    await server.close()
  })
})
