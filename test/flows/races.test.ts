/**
 * A code and, without a window, a refresh token are used once, whoever else tries at the same moment. The same race against a store that
 * looks before it leaps shows that it would be seen.
 */
import { expect } from 'chai'
import type { ArtifactStore } from '../../src/store/store.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { deviceFor, deviceGrant, enterCode, letIn, poll } from '../support/device.ts'
import { type Race, tally, warmRace } from '../support/race.ts'
import { describeWithRedis, startRedis } from '../support/redis.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, codeFor, redeem, refresh, tokensFor } from '../support/story.ts'

const runners = 1_000
const strict = { refreshTokens: { windowSeconds: 0 } }

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
    async insert(artifact) {
      const found = await store.find(artifact.model, artifact.id)
      await new Promise(setImmediate)
      if (found) return false
      await store.put(artifact)
      return true
    },
    async replace(artifact, expectedVersion) {
      const found = await store.find(artifact.model, artifact.id)
      await new Promise(setImmediate)
      if ((found?.version ?? 0) !== expectedVersion) return false
      await store.put(artifact)
      return true
    },
  }
}

function suite(start: () => Promise<TestServer>): void {
  let server: TestServer
  let who: Cast
  let warmed: Race
  before(async () => {
    server = await start()
    who = await cast(server)
    warmed = await warmRace([server.port], runners)
  })
  after(async () => {
    warmed.close()
    await server.close()
  })
  const race = async (form: Record<string, string>) => tally(await warmed.run(form))

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
    expect(await race(form)).to.deep.equal({ 200: 1, 400: runners - 1 })
    expect((await redeem(server, who.native, signed)).body.error).to.equal('invalid_grant')
  })
  const deviceForm = async () => {
    const device = await deviceFor(server, who.tv)
    await letIn(server, device)
    return { device, form: { grant_type: deviceGrant, client_id: who.tv.id, device_code: device.device_code } }
  }

  /** Twenty people have the same code before them, and all say yes at once. @returns how many were let on */
  async function confirmations() {
    const { user_code } = await deviceFor(server, who.tv)
    const visitors = Array.from({ length: 20 }, () => createVisitor(server.issuer))
    const asked = await Promise.all(visitors.map(async (visitor) => ({ visitor, page: await enterCode(visitor, user_code) })))
    const pages = await Promise.all(asked.map(({ visitor, page }) => visitor.submit(page, '/device', { confirm: 'yes' })))
    const on = pages.filter(({ forms }) => forms.some(({ action }) => action.endsWith('/sign-in')))
    const told = pages.filter(({ status, html }) => status === 422 && html.includes('This code was used before'))
    expect(on.length + told.length).to.equal(20)
    return on.length
  }

  it('lets one of twenty people on with the code of a device', async () => {
    expect(await confirmations()).to.equal(1)
  })
  it('T02 leaves the winner of that race nothing to refresh with', async () => {
    const { signed, form } = await codeForm()
    const winner = await redeem(server, who.native, signed)
    expect(await race(form)).to.deep.equal({ 400: runners })
    expect((await refresh(server, who.native, winner.body.refresh_token!)).body.error).to.equal('invalid_grant')
  })
  it('T02 redeems a device code once of a thousand times, and ends its grant', async () => {
    const { device, form } = await deviceForm()
    expect(await race(form)).to.deep.equal({ 200: 1, 400: runners - 1 })
    expect((await poll(server, device)).body.error).to.equal('invalid_grant')
  })
  it('T09 refreshes once of a thousand times where there is no window', async () => {
    const { refresh_token: token } = await tokensFor(server, who.native)
    expect(await race({ grant_type: 'refresh_token', client_id: 'native', refresh_token: token! })).to.deep.equal({
      200: 1,
      400: runners - 1,
    })
    expect((await refresh(server, who.native, token!)).body.error).to.equal('invalid_grant')
  })
  it('the control: a naive store redeems one code, one device code and one refresh token more than once, and lets more than one on', async () => {
    const { artifacts, volatile } = server.parts.store
    const { consume, replace } = artifacts
    const { consume: consumeVolatile, replace: replaceVolatile } = volatile
    const { form } = await codeForm()
    const { refresh_token: token } = await tokensFor(server, who.native)
    const { form: ofDevice } = await deviceForm()
    // Nearly all of them win, and each winner costs two signatures: a tenth shows it as well.
    const fewer = await warmRace([server.port], runners / 10)
    const winners = async (fields: Record<string, string>) => tally(await fewer.run(fields))[200]
    Object.assign(artifacts, naive({ ...artifacts }))
    Object.assign(volatile, naive({ ...volatile }))
    try {
      expect(await winners(form)).to.be.greaterThan(1)
      expect(await winners(ofDevice)).to.be.greaterThan(1)
      expect(await winners({ grant_type: 'refresh_token', client_id: 'native', refresh_token: token! })).to.be.greaterThan(1)
      // Twenty browsers are not as close as warmed connections: where the machine is busy a round of them may be orderly.
      let letOn = 0
      for (let round = 0; round < 10 && letOn < 2; round++) letOn = await confirmations()
      expect(letOn).to.be.greaterThan(1)
    } finally {
      fewer.close()
      Object.assign(artifacts, { consume, replace })
      Object.assign(volatile, { consume: consumeVolatile, replace: replaceVolatile })
    }
  })
}

describe('races on SQLite', function () {
  this.timeout(120_000)
  suite(() => startTestServer({ settings: strict }))
})

describeWithRedis('races on Redis', function () {
  this.timeout(120_000)
  let redis: Awaited<ReturnType<typeof startRedis>>
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())
  suite(() => startTestServer({ settings: { ...strict, redis: { url: redis.url, artifacts: 'all' } } }))
})
