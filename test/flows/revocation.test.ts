/** A token that is revoked is dead wherever this server is asked (RFC 7009). */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { Later } from '../../src/base/clock.ts'
import { digest } from '../../src/crypto/derive.ts'
import { type Apis, apiClients, introspect, question, revoke } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, cast, refresh, token, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

describe('revocation', () => {
  let server: TestServer
  let who: Cast
  let apis: Apis
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    apis = await apiClients(server)
  })
  after(() => server.close())

  const machineToken = async () =>
    (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token!
  const isActive = async (one: string | undefined) => (await introspect(server, apis.notes, one!)).active
  const userinfo = async (one: string | undefined) =>
    (await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${one}` } })).status
  /** Rows that remember a revoked token, of any kind. */
  const rowsOf = async (one: string) => {
    const { createHash } = await import('node:crypto')
    const id = createHash('sha256')
      .update(String(decodeJwt(one).jti))
      .digest('base64url')
    return (await server.parts.store.revocations.find([{ kind: 'token', value: id }]))[0]
  }

  for (const name of ['web', 'native'] as const) {
    it(`of a person’s access token ends all that was granted with it: ${name}`, async () => {
      const tokens = await tokensFor(server, who[name])
      const other = await tokensFor(server, who.exempt)
      expect([await isActive(tokens.access_token), await userinfo(tokens.access_token)]).to.deep.equal([true, 200])
      await revoke(server, who[name], tokens.access_token!)
      expect([await isActive(tokens.access_token), await userinfo(tokens.access_token)]).to.deep.equal([false, 401])
      expect((await refresh(server, who[name], tokens.refresh_token!)).body.error).to.equal('invalid_grant')
      expect(await rowsOf(tokens.access_token!), 'one sentence is about the grant, none about the token').to.equal(undefined)
      expect(await isActive(other.access_token), 'another client’s').to.equal(true)
    })
  }
  it('of a machine’s token ends that one, and is remembered until nobody takes it any more', async () => {
    const [one, other] = [await machineToken(), await machineToken()]
    await revoke(server, who.machine, one)
    expect([await isActive(one), await isActive(other)]).to.deep.equal([false, true])
    expect(await rowsOf(one)).to.include({ endsAt: decodeJwt(one).exp! + 300 })
    await revoke(server, who.machine, one)
  })
  it('of a refresh token still is the library’s', async () => {
    const tokens = await tokensFor(server, who.web)
    await revoke(server, who.web, tokens.refresh_token!)
    expect((await refresh(server, who.web, tokens.refresh_token!)).body.error).to.equal('invalid_grant')
  })
  it('T26 of another client’s token is answered alike and changes nothing', async () => {
    const tokens = await tokensFor(server, who.web)
    const machines = await machineToken()
    const own = await question(server, 'revocation', who.machine, { token: await machineToken() })
    for (const client of [who.machine, who.exempt, who.spa, apis.notes, apis.mail]) {
      for (const one of [tokens.access_token!, tokens.refresh_token!, machines]) {
        if (client === who.machine && one === machines) continue
        const { status, text } = await question(server, 'revocation', client, { token: one })
        expect([status, text], client.id).to.deep.equal([own.status, own.text])
      }
    }
    expect([await isActive(tokens.access_token), await isActive(machines)]).to.deep.equal([true, true])
    expect((await refresh(server, who.web, tokens.refresh_token!)).status).to.equal(200)
  })
  it('T26 of what is no token is answered 200, without authentication 401', async () => {
    const { id_token: idToken, access_token: jwt } = await tokensFor(server, who.web)
    for (const one of ['x', '..', `${jwt}x`, idToken!, 'eyJhbGciOiJub25lIn0.e30.'])
      expect((await question(server, 'revocation', who.web, { token: one })).status, one).to.equal(200)
    expect(await isActive(jwt), 'none of these ended anything').to.equal(true)
    for (const client of [undefined, { id: 'web', secret: 'wrong' }, { id: 'web' }]) {
      const { status, body } = await question(server, 'revocation', client, { token: jwt! })
      expect([status, body.error]).to.deep.equal([401, 'invalid_client'])
    }
    const empty = await fetch(`${server.issuer}/revocation`, { method: 'POST', headers: { authorization: basic(who.web) } })
    expect(empty.status).to.equal(400)
    expect(await isActive(jwt)).to.equal(true)
  })

  it('is done by oauth4webapi', async () => {
    const issuer = new URL(server.issuer)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    const client = { client_id: 'machine' }
    const one = await machineToken()
    const asked = (secret: string) => oauth.revocationRequest(as, client, oauth.ClientSecretPost(secret), one, insecure)
    const refused = await oauth.processRevocationResponse(await asked('wrong')).catch((error) => error)
    expect(refused).to.be.instanceOf(oauth.ResponseBodyError).and.to.include({ error: 'invalid_client', status: 401 })
    expect(await isActive(one)).to.equal(true)
    await oauth.processRevocationResponse(await asked(who.machine.secret!))
    expect(await isActive(one)).to.equal(false)
  })
  it('is done by openid-client', async () => {
    const options = { execute: [openid.allowInsecureRequests] }
    const found = await openid.discovery(new URL(server.issuer), 'web', who.web.secret, undefined, options)
    const { access_token: jwt } = await tokensFor(server, who.web)
    await openid.tokenRevocation(found, jwt!)
    expect(await isActive(jwt)).to.equal(false)
  })
})

describe('revocation of one token after another', () => {
  let server: TestServer
  let who: Cast
  let apis: Apis
  before(async () => {
    // Whoever waits for a time moves the clock there.
    const later: Later = (milliseconds, run) =>
      setImmediate(() => {
        travel(milliseconds / 1_000)
        run()
      })
    server = await startTestServer({ later })
    who = await cast(server)
    apis = await apiClients(server)
  })
  after(async () => {
    returnToPresent()
    await server?.close()
  })

  it('by a machine that had ten thousand of the hour is one row: each is dead, and what it gets next is good', async () => {
    const { counters, revocations } = server.parts.store
    const hits = Array.from({ length: 10_000 }, () => counters.hit(`revoked-tokens:${digest('machine')}`, 3_600))
    await Promise.all(hits)
    for (let round = 0; round < 5; round++) {
      const { body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      const isActive = async () => (await introspect(server, apis.notes, body.access_token as string)).active
      expect(await isActive(), `token ${round}`).to.equal(true)
      await revoke(server, who.machine, body.access_token as string)
      expect(await isActive()).to.equal(false)
    }
    expect((await revocations.after(0, 100)).map(({ kind }) => kind)).to.deep.equal(['client_tokens'])
  })
})
