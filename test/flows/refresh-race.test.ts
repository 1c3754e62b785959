/**
 * A refresh token used by many at the same moment, over two processes that share one database. What the honest ones get, what a thief
 * leaves behind, and the same without a window, where a store that looks before it leaps is found out.
 */
import { expect } from 'chai'
import { type Race, tally, warmRace } from '../support/race.ts'
import { describeWithRedis, startRedis } from '../support/redis.ts'
import { type SecondProcess, startSecondProcess } from '../support/second-process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, refresh, tokensFor } from '../support/story.ts'

function suite(runners: number, settings: () => Record<string, unknown>): void {
  let server: TestServer
  let second: SecondProcess
  let who: Cast
  let race: Race
  before(async () => {
    server = await startTestServer({ settings: settings() })
    who = await cast(server)
    second = await startSecondProcess(server, settings())
    race = await warmRace([server.port, second.port], runners)
  })
  after(async () => {
    race?.close()
    await second?.stop()
    await server?.close()
  })
  const form = (token: string) => ({ grant_type: 'refresh_token', client_id: 'native', refresh_token: token })

  it(`T09 gives ${runners} of them one successor; an older token afterwards ends the grant`, async () => {
    const { refresh_token: first } = await tokensFor(server, who.native)
    const answers = await race.run(form(first!))
    expect(tally(answers)).to.deep.equal({ 200: runners })
    const successors = new Set(answers.map(({ body }) => body.refresh_token))
    expect(successors.size).to.equal(1)
    const [successor] = successors as Set<string>
    expect(new Set(answers.map(({ body }) => body.access_token)).size).to.equal(runners)

    const { refresh_token: next } = (await refresh(server, who.native, successor!)).body
    expect((await refresh(server, who.native, first!)).body.error).to.equal('invalid_grant')
    for (const token of [next, successor])
      expect((await refresh(server, who.native, token!)).body.error).to.equal('invalid_grant')
  })

  it('takes a token again whose answer died with its process, after the commit, and goes on', async () => {
    const dying = await startSecondProcess(server, settings())
    const { refresh_token: first } = await tokensFor(server, who.native)
    await dying.dieAfterNextCommit()
    const unanswered = await refresh({ ...server, issuer: `http://localhost:${dying.port}` }, who.native, first!).catch(
      (cause: unknown) => cause,
    )
    expect(unanswered).to.be.instanceOf(TypeError)
    await dying.gone
    const { refresh_token: successor } = (await refresh(server, who.native, first!)).body
    expect(successor).to.match(/\.1\./)
    expect((await refresh(server, who.native, successor!)).body.refresh_token).to.match(/\.2\./)
  })
}

/** A machine that is busy takes longer than the usual ten seconds for all of them; where the window ends, `refresh.test.ts` says. */
const patient = { refreshTokens: { windowSeconds: 60 } }

describe('refreshing at once in two processes on SQLite', () => {
  suite(1_000, () => patient)
})

describe('refreshing at once in two processes on SQLite, without a window', () => {
  const runners = 200
  const settings = { refreshTokens: { windowSeconds: 0 } }
  let server: TestServer
  let second: SecondProcess
  before(async () => {
    server = await startTestServer({ settings })
    second = await startSecondProcess(server, settings)
  })
  after(async () => {
    await second?.stop()
    await server?.close()
  })

  it('the control: the runners do meet, across the processes, and all but one are refused', async () => {
    const { native } = await cast(server)
    const { refresh_token: token } = await tokensFor(server, native)
    const race = await warmRace([server.port, second.port], runners)
    const answers = await race.run({ grant_type: 'refresh_token', client_id: 'native', refresh_token: token! })
    race.close()
    expect(tally(answers)).to.deep.equal({ 200: 1, 400: runners - 1 })
  })
})

describeWithRedis('refreshing at once in two processes on Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())
  suite(200, () => ({ ...patient, redis: { url: redis.url, artifacts: 'all' } }))
})
