/** Strangers for a long time: a hundred thousand requests of every kind. */
import { expect } from 'chai'
import { progressOf } from '../support/progress.ts'
import { declared, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce } from '../support/story.ts'
import { rowsOf, sendAll, strangerRequests } from '../support/strangers.ts'
import { scaled } from './scale.ts'

const times = scaled(100_000)

describe(`${times} requests of strangers`, () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ settings: { apis: declared.apis.map((one) => ({ ...one, apiKeys: true })) } })
    who = await cast(server)
  })
  after(() => server.close())

  it('leave as many rows as there were', async function () {
    this.timeout(0)
    const requests = await strangerRequests(server, who)
    const before = rowsOf(server)
    await sendAll(requests, times, progressOf('requests', times))
    expect(rowsOf(server)).to.deep.equal(before)
    const url = authorizationUrl(server.issuer, 'web', pkce().challenge, { state: 'x'.repeat(3_000) })
    await fetch(url, { redirect: 'manual' })
    expect(rowsOf(server), 'the control: a request that takes a row').to.deep.equal({
      ...before,
      'volatile artifacts': before['volatile artifacts']! + 1,
    })
    await codeFor(server, who.own)
    expect(rowsOf(server)['durable artifacts'], 'the control: a person').to.be.greaterThan(before['durable artifacts']!)
  })
})
