/**
 * What two workers of one port share: what is used once is used once, whichever of them is asked, and a limit is one limit. That both were
 * asked is read off their logs.
 */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { deviceFor, poll } from '../support/device.ts'
import { addKeyed, assertion, assertionType, keyPair, proof } from '../support/keyed.ts'
import { type Race, tally, warmRace } from '../support/race.ts'
import { type Served, startServed } from '../support/served.ts'
import { authorizationUrl, basic, type Cast, cast, codeFor, pkce, redeem, refresh, tokensFor } from '../support/story.ts'
import { until } from '../support/until.ts'

const runners = 400
const machine = { grant_type: 'client_credentials', scope: 'notes:read' }

describe('two workers', function () {
  this.timeout(120_000)
  let served: Served
  let who: Cast
  let race: Race
  before(async () => {
    served = await startServed({
      cluster: { workers: 2 },
      refreshTokens: { windowSeconds: 60 },
      signIn: { attemptsPerAccount: 10, attemptsPerNetwork: 10_000 },
      dpop: { requireNonce: false },
    })
    who = await cast(served)
    race = await warmRace([served.port], runners)
  })
  after(async () => {
    race?.close()
    await served?.close()
  })

  const workersThatSaid = (event: string) => new Set(served.said(event).map(({ worker }) => worker))

  it('T02 redeem a code once, and end its grant', async () => {
    const signed = await codeFor(served, who.native)
    const answers = await race.run({
      grant_type: 'authorization_code',
      client_id: 'native',
      code: signed.code,
      code_verifier: signed.verifier,
      redirect_uri: signed.redirectUri,
    })
    expect(tally(answers)).to.deep.equal({ 200: 1, 400: runners - 1 })
    expect(workersThatSaid('grant.error')).to.deep.equal(new Set([1, 2]))
    expect((await redeem(served, who.native, signed)).body.error).to.equal('invalid_grant')
  })

  it('T09 give one successor to all who refresh at once, and end the grant when an older token comes', async () => {
    const { refresh_token: first } = await tokensFor(served, who.native)
    const answers = await race.run({ grant_type: 'refresh_token', client_id: 'native', refresh_token: first as string })
    expect(tally(answers)).to.deep.equal({ 200: runners })
    const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token))
    expect(others).to.deep.equal([])
    await refresh(served, who.native, successor as string)
    expect((await refresh(served, who.native, first as string)).body.error).to.equal('invalid_grant')
    expect((await refresh(served, who.native, successor as string)).body.error).to.equal('invalid_grant')
  })

  it('T16 take a client assertion once', async () => {
    const keyed = await addKeyed(served, 'keyed', { grants: ['client_credentials'], firstParty: true })
    const form = { client_assertion_type: assertionType, client_assertion: await assertion(served, keyed) }
    expect(tally(await race.run({ ...machine, ...form }))).to.deep.equal({ 200: 1, 401: runners - 1 })
  })

  it('T24 take a DPoP proof once', async () => {
    const headers = { authorization: basic(who.machine), dpop: await proof(await keyPair(), 'POST', `${served.issuer}/token`) }
    expect(tally(await race.run(machine, headers))).to.deep.equal({ 200: 1, 400: runners - 1 })
  })

  it('know a device’s request, whichever of them it was made at', async () => {
    const device = await deviceFor(served, who.tv)
    const answers = await Promise.all(Array.from({ length: 6 }, () => poll(served, device)))
    for (const { body } of answers) expect(body.error).to.be.oneOf(['authorization_pending', 'slow_down'])
  })

  it('let ten guesses at a password through, not ten each', async () => {
    const begun = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const visitor = createVisitor(served.issuer, { connection: 'close' })
        return { visitor, page: await visitor.open(authorizationUrl(served.issuer, 'web', pkce().challenge)) }
      }),
    )
    const pages = await Promise.all(
      begun.map(({ visitor, page }) => visitor.submit(page, '/sign-in', { email: who.email, password: 'wrong' })),
    )
    expect(tally(pages.map(({ status }) => ({ status, body: {} })))).to.deep.equal({ 422: 10, 429: 20 })
    expect(workersThatSaid('sign_in.refused')).to.deep.equal(new Set([1, 2]))
  })

  it('publish the same keys, and take a rotation by the command line', async () => {
    const sets = async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () =>
          (await fetch(`${served.issuer}/jwks`, { headers: { connection: 'close' } })).text(),
        ),
      )
      return new Set(answers)
    }
    const before = await sets()
    expect(before.size).to.equal(1)
    await served.ring.rotate('ES256')
    const after = await until('another set', async () => {
      const now = await sets()
      return now.isDisjointFrom(before) && now
    })
    expect([...after].map((set) => JSON.parse(set).keys.length)).to.deep.equal([3])
  })
})
