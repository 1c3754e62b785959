/** Tokens that are worth nothing without a key (RFC 9449), by openid-client and oauth4webapi, and by hand where no client would do it. */
import { expect } from 'chai'
import { calculateJwkThumbprint, decodeJwt, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import {
  addKeyed,
  assertion,
  assertionType,
  configured,
  type Keyed,
  type KeyPair,
  keyPair,
  proof,
  refused,
  requestParameters,
  sent,
} from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  basic,
  type Cast,
  cast,
  codeFor,
  loopbackUri,
  passThrough,
  pkce,
  redeem,
  tokensFor,
} from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

describe('DPoP', () => {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  let key: KeyPair
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed', { dpopBound: true })
    key = await keyPair()
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const byPar = client.buildAuthorizationUrlWithPAR
  const tokenUrl = () => `${server.issuer}/token`
  const userinfoUrl = () => `${server.issuer}/userinfo`
  const machine = { grant_type: 'client_credentials', scope: 'notes:read' }
  const asMachine = (dpop: string) => post(server, '/token', machine, { authorization: basic(who.machine), dpop })
  const userinfo = async (token: string, dpop?: string, scheme = 'DPoP') => {
    const headers = { authorization: `${scheme} ${token}`, ...(dpop && { dpop }) }
    const response = await fetch(userinfoUrl(), { headers })
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate') ?? '',
      nonce: response.headers.get('dpop-nonce'),
    }
  }
  const athOf = async (token: string) =>
    Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')

  it('takes a proof and an assertion of one jti, and each of them once', async () => {
    const jti = 'one for both'
    const form = async (own: string) => ({
      client_id: keyed.id,
      client_assertion_type: assertionType,
      client_assertion: await assertion(server, keyed, { jti: own }),
    })
    const proven = { dpop: await proof(key, 'POST', `${server.issuer}/par`, { jti }) }
    const { parameters } = await requestParameters({ response_type: 'code' })
    const push = async (own: string) => post(server, '/par', { ...parameters, ...(await form(own)) }, proven)
    expect((await push(jti)).body).to.have.property('request_uri')
    expect((await push(jti)).body.error).to.equal('invalid_client')
    expect((await push('another')).body.error).to.equal('invalid_dpop_proof')
  })

  it('binds the tokens of a person to the key, for userinfo and for each refresh', async () => {
    const config = await configured(server, keyed)
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
    const { callback, checks } = await sent(server, config, byPar, {}, { options: { DPoP } })
    const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP })
    expect(tokens.token_type).to.equal('dpop')
    expect(decodeJwt(tokens.access_token).cnf).to.deep.equal({ jkt: await DPoP.calculateThumbprint() })
    expect(await client.fetchUserInfo(config, tokens.access_token, who.subject, { DPoP })).to.include({ sub: who.subject })
    const next = await client.refreshTokenGrant(config, tokens.refresh_token as string, undefined, { DPoP })
    expect(decodeJwt(next.access_token).cnf).to.deep.equal({ jkt: await DPoP.calculateThumbprint() })
  })

  it('gives a client that says so no token without a proof', async () => {
    const config = await configured(server, keyed)
    const { callback, checks } = await sent(server, config, byPar)
    expect(await refused(client.authorizationCodeGrant(config, callback, checks))).to.equal('invalid_grant')
  })

  it('binds a public client’s refresh token to its key', async () => {
    const issuer = new URL(server.issuer)
    const insecure = { [oauth.allowInsecureRequests]: true }
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    const native: oauth.Client = { client_id: 'native' }
    const { verifier, challenge } = pkce()
    const visitor = createVisitor(server.issuer)
    const answer = await passThrough(visitor, await visitor.open(authorizationUrl(server.issuer, 'native', challenge)))
    const parameters = oauth.validateAuthResponse(as, native, answer, 'a-state')
    const pair = await oauth.generateKeyPair('ES256')
    const own = { ...insecure, DPoP: oauth.DPoP(native, pair) }
    const given = await oauth.authorizationCodeGrantRequest(as, native, oauth.None(), parameters, loopbackUri, verifier, own)
    const tokens = await oauth.processAuthorizationCodeResponse(as, native, given, { expectedNonce: 'a-nonce' })
    expect(tokens.token_type).to.equal('dpop')
    const thief = { ...insecure, DPoP: oauth.DPoP(native, await oauth.generateKeyPair('ES256')) }
    for (const options of [insecure, thief]) {
      const no = await oauth.refreshTokenGrantRequest(as, native, oauth.None(), tokens.refresh_token as string, options)
      expect((await oauth.processRefreshTokenResponse(as, native, no).catch((error) => error)).error).to.equal('invalid_grant')
    }
    const yes = await oauth.refreshTokenGrantRequest(as, native, oauth.None(), tokens.refresh_token as string, own)
    const next = await oauth.processRefreshTokenResponse(as, native, yes)
    const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
    expect(decodeJwt(next.access_token).cnf).to.deep.equal({ jkt })
  })

  describe('dpop_jkt', () => {
    it('holds the code to the key that the request named', async () => {
      const other = await keyPair()
      const wrong = await codeFor(server, who.native, { dpop_jkt: key.thumbprint })
      const form = (signed: typeof wrong) => ({
        grant_type: 'authorization_code',
        client_id: 'native',
        code: signed.code,
        code_verifier: signed.verifier,
        redirect_uri: signed.redirectUri,
      })
      const answers = [
        await post(server, '/token', form(await codeFor(server, who.native, { dpop_jkt: key.thumbprint }))),
        await post(server, '/token', form(wrong), { dpop: await proof(other, 'POST', tokenUrl()) }),
      ]
      for (const { body } of answers) expect(body.error).to.equal('invalid_grant')
      const right = await codeFor(server, who.native, { dpop_jkt: key.thumbprint })
      expect((await post(server, '/token', form(right), { dpop: await proof(key, 'POST', tokenUrl()) })).status).to.equal(200)
    })

    it('of a pushed request is the proof’s, and another is refused', async () => {
      const config = await configured(server, keyed)
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      const { callback, checks } = await sent(server, config, byPar, {}, { options: { DPoP } })
      const stolen = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      expect(await refused(client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP: stolen }))).to.equal(
        'invalid_grant',
      )
      const { parameters } = await requestParameters({ dpop_jkt: key.thumbprint })
      expect(await refused(byPar(config, parameters, { DPoP }))).to.equal('invalid_request')
    })
  })

  describe('T24 at the token endpoint', () => {
    it('takes a proof that is in order', async () => {
      const { status, body } = await asMachine(await proof(key, 'POST', tokenUrl()))
      expect(status).to.equal(200)
      expect(body.token_type).to.equal('DPoP')
      expect(decodeJwt(body.access_token as string).cnf).to.deep.equal({ jkt: key.thumbprint })
    })

    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const bad: [string, () => Promise<string>][] = [
      ['for another method', () => proof(key, 'GET', tokenUrl())],
      ['for another endpoint', () => proof(key, 'POST', userinfoUrl())],
      ['for another server', () => proof(key, 'POST', 'https://attacker.example/token')],
      ['with no address', () => proof(key, 'POST', tokenUrl(), { htu: undefined })],
      ['of long ago', () => proof(key, 'POST', tokenUrl(), { iat: now() - 600 })],
      ['of the future', () => proof(key, 'POST', tokenUrl(), { iat: now() + 600 })],
      ['without iat', () => proof(key, 'POST', tokenUrl(), { iat: undefined })],
      ['without jti', () => proof(key, 'POST', tokenUrl(), { jti: undefined })],
      ['that has expired', () => proof(key, 'POST', tokenUrl(), { exp: now() - 1 })],
      ['that is another kind of JWT', () => proof(key, 'POST', tokenUrl(), {}, { typ: 'JWT' })],
      ['without its key', () => proof(key, 'POST', tokenUrl(), {}, { jwk: undefined })],
      ['with another’s key', async () => proof(key, 'POST', tokenUrl(), {}, { jwk: (await keyPair()).jwk })],
      ['with its private key', async () => proof(key, 'POST', tokenUrl(), {}, { jwk: await exportJWK(key.privateKey) })],
      ['by an algorithm that is off', async () => proof(await keyPair('RS256'), 'POST', tokenUrl())],
      [
        'by alg none',
        async () =>
          `${encode({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })}.${(await proof(key, 'POST', tokenUrl())).split('.')[1]}.`,
      ],
      ['that is no JWT', async () => 'x'],
      ['and another', async () => `${await proof(key, 'POST', tokenUrl())}, ${await proof(key, 'POST', tokenUrl())}`],
    ]
    for (const [what, make] of bad) {
      it(`refuses a proof ${what}`, async () => {
        const { status, body } = await asMachine(await make())
        expect(status).to.equal(400)
        // RFC 9449 s8: a clock that is wrong is told to prove its freshness otherwise.
        expect(body.error).to.equal(what.startsWith('of ') ? 'use_dpop_nonce' : 'invalid_dpop_proof')
      })
    }

    it('refuses a proof that was used, however long it would be good for', async () => {
      const ahead = await proof(key, 'POST', tokenUrl(), { iat: now() + 290 })
      expect((await asMachine(ahead)).status).to.equal(200)
      expect((await asMachine(ahead)).body.error).to.equal('invalid_dpop_proof')
      travel(310)
      expect((await asMachine(ahead)).body.error).to.equal('invalid_dpop_proof')
    })

    it('refuses a nonce that is not of this server, and gives one that is', async () => {
      const { body, headers } = await asMachine(await proof(key, 'POST', tokenUrl(), { nonce: 'made-up' }))
      expect(body.error).to.equal('use_dpop_nonce')
      const nonce = headers.get('dpop-nonce')
      expect((await asMachine(await proof(key, 'POST', tokenUrl(), { nonce }))).status).to.equal(200)
      travel(600)
      expect((await asMachine(await proof(key, 'POST', tokenUrl(), { nonce }))).body.error).to.equal('use_dpop_nonce')
    })
  })

  describe('at userinfo', () => {
    let token: string
    beforeEach(async () => {
      const signed = await codeFor(server, who.native)
      const form = {
        grant_type: 'authorization_code',
        client_id: 'native',
        code: signed.code,
        code_verifier: signed.verifier,
        redirect_uri: signed.redirectUri,
      }
      const { body } = await post(server, '/token', form, { dpop: await proof(key, 'POST', tokenUrl()) })
      token = body.access_token as string
    })

    it('takes the token with its proof', async () => {
      expect((await userinfo(token, await proof(key, 'GET', userinfoUrl(), { ath: await athOf(token) }))).status).to.equal(200)
    })

    it('T25 refuses the token as Bearer, here and at an API', async () => {
      expect((await userinfo(token, undefined, 'Bearer')).status).to.equal(401)
      const kit = createResourceServer({
        issuer: server.issuer,
        resource: defineResource({ id: api, scopes: { 'notes:read': 'Read your notes' } }),
        dangerouslyAllowHttp: true,
      })
      const outcome = await kit.check({ headers: { authorization: `Bearer ${token}` } })
      kit.close()
      expect(outcome).to.include({ ok: false })
      expect(!outcome.ok && [outcome.error.reason, outcome.refusal.status]).to.deep.equal(['sender_constrained', 401])
    })

    it('T24 refuses a proof for another token, without a token, of another key, used before, or none', async () => {
      const ath = await athOf(token)
      const used = await proof(key, 'GET', userinfoUrl(), { ath })
      expect((await userinfo(token, used)).status).to.equal(200)
      const other = await tokensFor(server, who.native)
      for (const [dpop, error] of [
        [await proof(key, 'GET', userinfoUrl(), { ath: await athOf('another') }), 'invalid_dpop_proof'],
        [await proof(key, 'GET', userinfoUrl()), 'invalid_dpop_proof'],
        [used, 'invalid_dpop_proof'],
        [await proof(await keyPair(), 'GET', userinfoUrl(), { ath }), 'invalid_token'],
      ] as const) {
        const { status, challenge } = await userinfo(token, dpop)
        expect([status, challenge]).to.satisfy(
          ([code, said]: [number, string]) => code === 401 && said.includes(`error="${error}"`),
          `${status} ${challenge} instead of ${error}`,
        )
        expect(challenge).to.match(/^DPoP /)
      }
      expect((await userinfo(token)).status).to.be.oneOf([400, 401])
      const bearer = other.access_token as string
      const bound = await userinfo(bearer, await proof(key, 'GET', userinfoUrl(), { ath: await athOf(bearer) }))
      expect(bound.status).to.equal(401)
    })
  })

  it('T24 asks for a nonce where the settings do, and clients follow', async () => {
    const strict = await startTestServer({ settings: { dpop: { requireNonce: true } } })
    try {
      const people = await cast(strict)
      const own = await addKeyed(strict, 'keyed', { dpopBound: true })
      const without = await post(strict, '/token', machine, {
        authorization: basic(people.machine),
        dpop: await proof(key, 'POST', `${strict.issuer}/token`),
      })
      expect([without.status, without.body.error]).to.deep.equal([400, 'use_dpop_nonce'])
      // Processes share the nonces: one of the other server is good at this one.
      const { headers } = await asMachine(await proof(key, 'POST', tokenUrl(), { nonce: 'made-up' }))
      const dpop = await proof(key, 'POST', `${strict.issuer}/token`, { nonce: headers.get('dpop-nonce') })
      expect((await post(strict, '/token', machine, { authorization: basic(people.machine), dpop })).status).to.equal(200)
      expect(without.headers.get('dpop-nonce')).to.be.a('string')
      const config = await configured(strict, own)
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      const { callback, checks } = await sent(strict, config, byPar, {}, { options: { DPoP } })
      const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP })
      expect(await client.fetchUserInfo(config, tokens.access_token, people.subject, { DPoP })).to.include({
        sub: people.subject,
      })
    } finally {
      await strict.close()
    }
  })

  it('T23 lets a page of a public client read the nonce', async () => {
    const origin = 'https://spa.example.com'
    const signed = await codeFor(server, who.spa)
    const answer = await redeem(server, who.spa, signed)
    expect(answer.status).to.equal(200)
    const preflight = await fetch(tokenUrl(), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
    })
    expect(preflight.headers.get('access-control-allow-headers')).to.equal('dpop')
    const response = await fetch(tokenUrl(), {
      method: 'POST',
      headers: { origin, dpop: await proof(key, 'POST', tokenUrl(), { nonce: 'made-up' }) },
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: 'x' }),
    })
    expect(response.headers.get('access-control-expose-headers')).to.match(/dpop-nonce/i)
    expect(response.headers.get('dpop-nonce')).to.be.a('string')
  })
})
