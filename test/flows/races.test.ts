/**
 * A code and a refresh token are used once, whoever else tries at the same moment. Connections are warmed first, since cold ones queue the
 * requests up and hide the fault; and the same race against a store that looks before it leaps shows that it would be seen.
 */
import { Agent, request } from 'node:http'
import { expect } from 'chai'
import type { ArtifactStore } from '../../src/store/store.ts'
import { describeWithRedis, startRedis } from '../support/redis.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, codeFor, redeem, refresh, tokensFor } from '../support/story.ts'

const runners = 1_000

/** Sends the same form on every connection at once. @returns how often each status came back */
async function race(server: TestServer, form: Record<string, string>): Promise<Record<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: runners })
  const port = new URL(server.issuer).port
  const body = String(new URLSearchParams(form))
  const send = (path: string, payload: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': payload.length }
      const sent = request({ agent, host: 'localhost', port, path, method: 'POST', headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0))
      })
      sent.once('error', reject)
      sent.end(payload)
    })
  await Promise.all(Array.from({ length: runners }, () => send('/token', 'grant_type=none')))
  const statuses = await Promise.all(Array.from({ length: runners }, () => send('/token', body)))
  agent.destroy()
  return Object.fromEntries(Object.entries(Object.groupBy(statuses, String)).map(([status, all]) => [status, all?.length ?? 0]))
}

/** What an ordinary adapter does: look, think, write. */
function naive(store: ArtifactStore): ArtifactStore {
  return {
    ...store,
    async consume(model, id) {
      const found = await store.find(model, id)
      await new Promise(setImmediate)
      if (!found) return false
      await store.consume(model, id)
      return true
    },
  }
}

function suite(start: () => Promise<TestServer>): void {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await start()
    who = await cast(server)
  })
  after(() => server.close())

  const codeForm = async () => {
    const signed = await codeFor(server, who.native)
    const form = {
      grant_type: 'authorization_code',
      client_id: 'native',
      code: signed.code,
      code_verifier: signed.verifier,
      redirect_uri: signed.redirectUri,
    }
    return { signed, form }
  }

  it('T02 redeems a code once of a thousand times, and ends its grant', async () => {
    const { signed, form } = await codeForm()
    expect(await race(server, form)).to.deep.equal({ 200: 1, 400: runners - 1 })
    expect((await redeem(server, who.native, signed)).body.error).to.equal('invalid_grant')
  })
  it('T02 leaves the winner of that race nothing to refresh with', async () => {
    const { signed, form } = await codeForm()
    const winner = await redeem(server, who.native, signed)
    expect(await race(server, form)).to.deep.equal({ 400: runners })
    expect((await refresh(server, who.native, winner.body.refresh_token!)).body.error).to.equal('invalid_grant')
  })
  it('T09 refreshes once of a thousand times', async () => {
    const { refresh_token: token } = await tokensFor(server, who.native)
    expect(await race(server, { grant_type: 'refresh_token', client_id: 'native', refresh_token: token! })).to.deep.equal({
      200: 1,
      400: runners - 1,
    })
    expect((await refresh(server, who.native, token!)).body.error).to.equal('invalid_grant')
  })
  it('the control: a naive store redeems one code and one refresh token more than once', async () => {
    const { artifacts } = server.parts.store
    const { consume } = artifacts
    const { form } = await codeForm()
    const { refresh_token: token } = await tokensFor(server, who.native)
    artifacts.consume = naive({ ...artifacts }).consume
    try {
      expect((await race(server, form))[200]).to.be.greaterThan(1)
      expect(
        (await race(server, { grant_type: 'refresh_token', client_id: 'native', refresh_token: token! }))[200],
      ).to.be.greaterThan(1)
    } finally {
      artifacts.consume = consume
    }
  })
}

describe('races on SQLite', function () {
  this.timeout(120_000)
  suite(() => startTestServer())
})

describeWithRedis('races on Redis', function () {
  this.timeout(120_000)
  let redis: Awaited<ReturnType<typeof startRedis>>
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())
  suite(() => startTestServer({ settings: { redis: { url: redis.url, artifacts: 'all' } } }))
})
