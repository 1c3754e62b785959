/**
 * Refreshing, as openid-client does it: what is rotated, what a retry gets, what a replay ends, and how long all of it lasts. The library's
 * hook that names the tokens is undocumented; the first fact here fails when it no longer does.
 */
import { expect } from 'chai'
import * as client from 'openid-client'
import { Refusal } from '../../src/base/errors.ts'
import { otherApi, startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts'
import { authorizationUrl, type Cast, type Credentials, cast, codeFor, pkce, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const away = { scope: 'openid offline_access notes:read', prompt: 'consent' }
const window = 10
const idle = 1_000
const absolute = 3_000

describe('refreshing with openid-client', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({
      settings: { lifetimes: { refreshTokenIdleSeconds: idle, refreshTokenSeconds: absolute } },
    })
    who = await cast(server)
  })
  after(() => server.close())
  const extra: TestServer[] = []
  afterEach(async () => {
    returnToPresent()
    for (const one of extra.splice(0)) await one.close()
  })
  async function another(options?: TestServerOptions): Promise<TestServer> {
    const one = await startTestServer(options)
    extra.push(one)
    return one
  }

  async function configured({ id, secret }: Credentials, issuer = server.issuer): Promise<client.Configuration> {
    const authentication = secret === undefined ? client.None() : client.ClientSecretBasic(secret)
    return client.discovery(new URL(issuer), id, {}, authentication, { execute: [client.allowInsecureRequests] })
  }
  /** A client that signed somebody in, and its first refresh token. */
  async function begun(which: Credentials, changes: Record<string, string> = {}, at = server) {
    const { refresh_token: first } = await tokensFor(at, which, changes)
    const config = await configured(which, at.issuer)
    return { first: first!, next: async (token: string) => (await client.refreshTokenGrant(config, token)).refresh_token! }
  }
  const errorOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (cause: unknown) => (cause as client.ResponseBodyError).error,
    )

  describe('of a public client', () => {
    it('gives a successor at each use: the same family, the next generation', async () => {
      const { first, next } = await begun(who.native)
      const [family, ...rest] = first.split('.')
      expect(family).to.match(/^sgr_[\w-]{22}$/)
      expect(rest).to.have.length(2)
      const second = await next(first)
      const third = await next(second)
      expect([first, second, third].map((token) => token.split('.').slice(0, 2).join('.'))).to.deep.equal([
        `${family}.0`,
        `${family}.1`,
        `${family}.2`,
      ])
    })

    it('T09 gives two tabs that refresh at once the same successor, and a retry within the window too', async () => {
      const { first, next } = await begun(who.native)
      const [one, other] = await Promise.all([next(first), next(first)])
      expect(other).to.equal(one)
      // The second in which the first one came may be over by now.
      travel(window - 1)
      expect(await next(first)).to.equal(one)
      expect(await next(one)).to.match(/\.2\./)
    })

    it('T08 ends the grant when the previous one comes after the window', async () => {
      const { first, next } = await begun(who.native)
      const second = await next(first)
      travel(window + 1)
      expect(await errorOf(next(first))).to.equal('invalid_grant')
      expect(await errorOf(next(second))).to.equal('invalid_grant')
    })

    it('T08 ends the grant when an older one comes, within the window as well', async () => {
      const { first, next } = await begun(who.native)
      const third = await next(await next(first))
      expect(await errorOf(next(first))).to.equal('invalid_grant')
      expect(await errorOf(next(third))).to.equal('invalid_grant')
    })

    it('ends nothing for a value that this server never made', async () => {
      const { first, next } = await begun(who.native)
      for (const forged of [first.replace('.0.', '.1.'), `${first.slice(0, -4)}AAAA`, 'sgr_'])
        expect(await errorOf(next(forged))).to.equal('invalid_grant')
      expect(await next(first)).to.match(/\.1\./)
    })

    it('takes a token again whose answer was lost with the server, and goes on', async () => {
      const before = await another()
      const actor = await cast(before)
      const { first, next } = await begun(actor.native, {}, before)
      const lost = await next(first)
      await before.close()
      const after = await another({ folder: before.folder })
      const config = await configured(actor.native, after.issuer)
      const again = await client.refreshTokenGrant(config, first)
      expect(again.refresh_token).to.equal(lost)
      expect((await client.refreshTokenGrant(config, lost)).refresh_token).to.match(/\.2\./)
    })

    it('is not rotated by a request that is refused: it is as good as before, whenever it comes again', async () => {
      const { first, next } = await begun(who.native)
      const config = await configured(who.native)
      const wrong: Record<string, string>[] = [
        { resource: otherApi },
        { resource: 'https://unknown.example.com' },
        { scope: 'openid notes:write' },
      ]
      for (const parameters of wrong) {
        expect(await errorOf(client.refreshTokenGrant(config, first, parameters))).to.be.oneOf([
          'invalid_target',
          'invalid_scope',
        ])
      }
      travel(window + 1)
      expect(await next(first)).to.match(/\.1\./)
    })

    it('signs nobody out when the answer fails after the rotation', async () => {
      const { first, next } = await begun(who.native)
      const { artifacts } = server.parts.store
      const { replace } = artifacts
      artifacts.replace = async (...args) => {
        await replace(...args)
        throw new Refusal('temporarily_unavailable', 'Not now.', { status: 503 })
      }
      try {
        expect(await next(first).catch((cause: unknown) => cause)).to.be.instanceOf(client.ClientError)
      } finally {
        artifacts.replace = replace
      }
      expect(await next(await next(first))).to.match(/\.2\./)
    })

    it('ends by RFC 7009, whichever of its tokens is revoked', async () => {
      for (const which of [0, 1]) {
        const { first, next } = await begun(who.native)
        const tokens = [first, await next(first)]
        await client.tokenRevocation(await configured(who.native), tokens[which]!)
        expect(await errorOf(next(tokens[1]!))).to.equal('invalid_grant')
      }
    })

    it('lives on by use, but no longer than its family may', async () => {
      const { first, next } = await begun(who.native, away)
      let current = first
      const steps = [idle - 10, idle - 10, idle - 10, 20]
      for (const seconds of steps) {
        travel(seconds)
        current = await next(current)
      }
      travel(absolute - (3 * (idle - 10) + 20))
      expect(await errorOf(next(current))).to.equal('invalid_grant')
    })

    it('dies when it is not used for the idle lifetime', async () => {
      const { first, next } = await begun(who.native, away)
      travel(idle)
      expect(await errorOf(next(first))).to.equal('invalid_grant')
    })
  })

  it('ends with a lifetime that was made shorter, and so does the session', async () => {
    const before = await another()
    const actor = await cast(before)
    const used = { ...(await begun(actor.native, away, before)), visitor: (await codeFor(before, actor.web)).visitor }
    const unused = { ...(await begun(actor.native, away, before)), visitor: (await codeFor(before, actor.web)).visitor }
    await before.close()
    const settings = {
      listen: { host: 'localhost', port: before.port },
      lifetimes: { sessionSeconds: 300, refreshTokenSeconds: 300 },
    }
    const after = await another({ folder: before.folder, settings })
    const visit = ({ visitor }: typeof used) => visitor.open(authorizationUrl(after.issuer, 'web', pkce().challenge))
    travel(280)
    expect((await visit(used)).leftTo?.search).to.include('code=')
    const second = await used.next(used.first)
    travel(20)
    for (const one of [{ ...used, first: second }, unused]) {
      expect((await visit(one)).html).to.include('type="password"')
      expect(await errorOf(one.next(one.first))).to.equal('invalid_grant')
    }
  })

  describe('of a public client that proves possession of a key', () => {
    it('keeps the token, which is bound to the key (RFC 9449 s5)', async () => {
      const config = await configured(who.native)
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      const { answer, verifier } = await codeFor(server, who.native)
      const checks = { pkceCodeVerifier: verifier, expectedState: 'a-state', expectedNonce: 'a-nonce' }
      const { refresh_token: only } = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })
      travel(window + 1)
      for (let use = 0; use < 2; use++) {
        expect((await client.refreshTokenGrant(config, only!, undefined, { DPoP })).refresh_token).to.equal(only)
      }
      const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      for (const options of [{}, { DPoP: other }]) {
        expect(await errorOf(client.refreshTokenGrant(config, only!, undefined, options))).to.equal('invalid_grant')
      }
    })
  })

  describe('of a confidential client', () => {
    it('keeps the token, which lives on by use with a write for each tenth of its idle lifetime', async () => {
      const { first, next } = await begun(who.web, away)
      const { artifacts } = server.parts.store
      const { replace } = artifacts
      let writes = 0
      artifacts.replace = (...args) => {
        writes += 1
        return replace(...args)
      }
      try {
        for (let use = 0; use < 5; use++) expect((await next(first)) ?? first).to.equal(first)
        expect(writes).to.equal(0)
        for (const total of [1, 2, 3]) {
          travel(idle / 10 + 1)
          for (let use = 0; use < 5; use++) await next(first)
          expect(writes).to.equal(total)
        }
      } finally {
        artifacts.replace = replace
      }
      const steps = [idle - 10, idle - 10]
      for (const seconds of steps) {
        travel(seconds)
        await next(first)
      }
      travel(absolute - (2 * (idle - 10) + 3 * (idle / 10 + 1)))
      expect(await errorOf(next(first))).to.equal('invalid_grant')
    })
  })
})
