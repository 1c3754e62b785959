/**
 * A client assertion, a pushed request and a DPoP proof are good for one of a thousand that come at the same moment, and the others are told
 * what a latecomer is told. The same race against a store that looks before it leaps shows that it would be seen.
 */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import {
  addKeyed,
  assertion,
  assertionType,
  type Keyed,
  type KeyPair,
  keyPair,
  postAs,
  proof,
  requestParameters,
} from '../support/keyed.ts'
import { type Race, type Runner, tally, warmRace } from '../support/race.ts'
import { describeWithRedis, startRedis } from '../support/redis.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, basic, type Cast, cast, passThrough, pkce } from '../support/story.ts'

const runners = 1_000
const machine = { grant_type: 'client_credentials', scope: 'notes:read' }

function suite(start: () => Promise<TestServer>, { control }: { control: boolean }): void {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  let key: KeyPair
  let race: Race
  let cookie: string
  before(async () => {
    server = await start()
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed', { grants: ['client_credentials'], firstParty: true })
    key = await keyPair()
    race = await warmRace([server.port], runners)
    const visitor = createVisitor(server.issuer)
    await passThrough(visitor, await visitor.open(authorizationUrl(server.issuer, 'keyed', pkce().challenge)))
    cookie = [...visitor.cookies].map(([name, { value }]) => `${name.split(' ')[0]}=${value}`).join('; ')
  })
  after(async () => {
    race?.close()
    await server.close()
  })

  const assertionForm = async () => ({
    ...machine,
    client_assertion_type: assertionType,
    client_assertion: await assertion(server, keyed),
  })
  const asMachine = async () => ({ authorization: basic(who.machine), dpop: await proof(key, 'POST', `${server.issuer}/token`) })
  const pushed = async () => {
    const { parameters } = await requestParameters()
    const { body } = await postAs(server, keyed, '/par', { ...parameters, response_type: 'code' })
    return `/auth?client_id=keyed&request_uri=${encodeURIComponent(body.request_uri as string)}`
  }
  const errors = (all: Runner[]) => [...new Set(all.flatMap(({ body }) => body.error ?? []))]
  const codes = (all: Runner[]) => all.filter(({ location }) => location?.searchParams.has('code')).length
  const errorsSentBack = (all: Runner[]) => [...new Set(all.flatMap(({ location }) => location?.searchParams.get('error') ?? []))]

  it('T16 takes a client assertion once of a thousand times', async () => {
    const answers = await race.run(await assertionForm())
    expect(tally(answers)).to.deep.equal({ 200: 1, 401: runners - 1 })
    expect(errors(answers)).to.deep.equal(['invalid_client'])
  })

  it('T24 takes a DPoP proof once of a thousand times', async () => {
    const answers = await race.run(machine, await asMachine())
    expect(tally(answers)).to.deep.equal({ 200: 1, 400: runners - 1 })
    expect(errors(answers)).to.deep.equal(['invalid_dpop_proof'])
  })

  it('answers a pushed request once of a thousand times', async () => {
    const answers = await race.open(await pushed(), { cookie })
    expect(codes(answers)).to.equal(1)
    // Who lost the race is sent back; for who came later nothing is known but the client, so that a page says it.
    const { 303: back = 0, 400: told = 0 } = tally(answers)
    expect(back + told).to.equal(runners)
    expect(back).to.be.greaterThan(1)
    expect(errorsSentBack(answers)).to.deep.equal(['invalid_request_uri'])
  })

  if (!control) return
  it('the control: a naive store takes each of them more than once', async () => {
    const { volatile } = server.parts.store
    const { insert, consume } = volatile
    volatile.insert = async (artifact) => {
      const found = await volatile.find(artifact.model, artifact.id)
      await new Promise(setImmediate)
      if (found) return false
      await volatile.put(artifact)
      return true
    }
    volatile.consume = async (model, id) => {
      const found = await volatile.find(model, id)
      await new Promise(setImmediate)
      await consume.call(volatile, model, id)
      return found !== undefined
    }
    try {
      expect(tally(await race.run(await assertionForm()))[200]).to.be.greaterThan(1)
      expect(tally(await race.run(machine, await asMachine()))[200]).to.be.greaterThan(1)
      expect(codes(await race.open(await pushed(), { cookie }))).to.be.greaterThan(1)
    } finally {
      Object.assign(volatile, { insert, consume })
    }
  })
}

describe('single use on SQLite', function () {
  this.timeout(120_000)
  suite(() => startTestServer(), { control: true })
})

describeWithRedis('single use on Redis', function () {
  this.timeout(120_000)
  let redis: Awaited<ReturnType<typeof startRedis>>
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())
  suite(() => startTestServer({ settings: { redis: { url: redis.url, artifacts: 'all' } } }), { control: false })
})
