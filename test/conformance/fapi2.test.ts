/**
 * The OpenID Foundation's `fapi2-security-profile-final-test-plan` (plain_fapi, private_key_jwt, DPoP, openid_connect), module by module, and
 * the modules that its message signing plan adds, with what each demands of the server. Honest requests are openid-client's; what a client
 * refuses to send is sent by hand. Written after the suite's descriptions; the suite itself cannot run here.
 *
 * Not here: the TLS versions and ciphers that `ensure-holder-of-key-required` looks at too are the proxy's; `test-essential-acr-sca-claim`,
 * `ensure-server-handles-non-matching-intent-id` and the modules of Brazil and Australia are about other profiles than plain_fapi.
 */
import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader, exportJWK, importJWK } from 'jose'
import * as client from 'openid-client'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { type Certificate, inHeader, jwksOf, selfSigned } from '../support/certificate.ts'
import {
  addKeyed,
  assertion,
  assertionType,
  configured,
  type Keyed,
  type KeyPair,
  keyPair,
  postAs,
  proof,
  requestObject,
  requestParameters,
} from '../support/keyed.ts'
import { type Answer, post } from '../support/post.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { passThrough, password, redirectUri } from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const name = (module: string) => `fapi2-security-profile-final-${module}`
type Members = Record<string, unknown>
type Form = Record<string, string | undefined>

describe('the Foundation’s plan for the FAPI 2.0 Security Profile', () => {
  let server: TestServer
  let subject: string
  let one: Keyed
  let other: Keyed
  let signing: Keyed
  let config: client.Configuration
  let key: KeyPair
  let DPoP: client.DPoPHandle

  before(async () => {
    server = await startTestServer()
    subject = (await server.parts.accounts.add({ email: 'ada@example.com', password })).id
    const fapi = { profile: 'fapi2', dpopBound: true }
    one = await addKeyed(server, 'client1', fapi, 'PS256')
    other = await addKeyed(server, 'client2', fapi)
    signing = await addKeyed(server, 'signing', { ...fapi, requireSignedRequests: true })
    config = await configured(server, one, (_header, claims) => {
      claims.aud = server.issuer
    })
    key = await keyPair()
    DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const tokenUrl = () => `${server.issuer}/token`
  const userinfoUrl = () => `${server.issuer}/userinfo`
  const targetOf = (uri: string | undefined, by = one) =>
    `/auth?client_id=${by.id}&request_uri=${encodeURIComponent(String(uri))}`

  /** A pushed request that is in order, but for what is changed. */
  async function push(
    changes: Form = {},
    { by = one, headers, form = {} }: { by?: Keyed; headers?: Record<string, string>; form?: Form } = {},
  ) {
    const { parameters, checks } = await requestParameters({ response_type: 'code', ...changes })
    const answer = await postAs(server, by, '/par', { ...parameters, ...form }, headers)
    return { ...answer, checks, target: targetOf(answer.body.request_uri, by) }
  }
  const through = async (target: string, visitor: Visitor = createVisitor(server.issuer), allow = true) =>
    passThrough(visitor, await visitor.open(target), { allow })
  /** What a browser is told at once: sent back with an error, or on a page. */
  async function errorAt(target: string, visitor = createVisitor(server.issuer)): Promise<string | undefined> {
    const page = await visitor.open(target)
    return page.leftTo?.searchParams.get('error') ?? /(invalid|unsupported|request_uri)_\w+/.exec(page.html)?.[0]
  }
  /** A code, and the token request for it. */
  async function code(changes: Form = {}, headers: Record<string, string> = {}): Promise<Form> {
    const { target, checks } = await push(changes, { headers })
    const callback = await through(target)
    return {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? undefined,
      redirect_uri: redirectUri,
      code_verifier: checks.pkceCodeVerifier,
    }
  }
  const dpop = async (by = key) => ({ dpop: await proof(by, 'POST', tokenUrl()) })
  const redeem = async (form: Form, changes: Form = {}, by = one) =>
    postAs(server, by, '/token', { ...form, ...changes }, await dpop())
  const tokens = async () => (await redeem(await code())).body
  async function userinfo(token: string, claims: Members = {}, header: Members = {}, scheme = 'DPoP') {
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')
    return askUserinfo(token, await proof(key, 'GET', userinfoUrl(), { ath, ...claims }, header), scheme)
  }
  const askUserinfo = async (token: string, one: string, scheme = 'DPoP') =>
    (await fetch(userinfoUrl(), { headers: { authorization: `${scheme} ${token}`, dpop: one } })).status
  const errorOf = ({ status, body }: Answer) => `${status} ${body.error}`

  describe('metadata and the happy flow', () => {
    it(name('discovery-end-point-verification'), async () => {
      const metadata = config.serverMetadata()
      expect(metadata.issuer).to.equal(server.issuer)
      expect(metadata.authorization_response_iss_parameter_supported).to.equal(true)
      expect(metadata.pushed_authorization_request_endpoint).to.equal(`${server.issuer}/par`)
      expect(metadata.token_endpoint_auth_methods_supported).to.include('private_key_jwt')
      expect(metadata.code_challenge_methods_supported).to.deep.equal(['S256'])
      expect(metadata.response_types_supported).to.deep.equal(['code'])
      expect(metadata.scopes_supported).to.include('openid')
      for (const list of [
        metadata.dpop_signing_alg_values_supported,
        metadata.token_endpoint_auth_signing_alg_values_supported,
        metadata.request_object_signing_alg_values_supported,
      ])
        expect(list).to.include.members(['ES256', 'PS256', 'EdDSA']).and.not.include('none')
      for (const [member, list] of Object.entries(metadata)) if (Array.isArray(list)) expect(list, member).not.to.be.empty
    })

    it(name('happy-flow'), async () => {
      const { parameters, checks } = await requestParameters()
      const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
      expect([...url.searchParams.keys()]).to.have.members(['client_id', 'request_uri'])
      const callback = await through(url.href)
      expect(callback.searchParams.get('iss')).to.equal(server.issuer)
      const given = await client.authorizationCodeGrant(config, callback, { ...checks, idTokenExpected: true }, undefined, {
        DPoP,
      })
      expect(given.token_type).to.equal('dpop')
      expect(decodeProtectedHeader(given.id_token as string).alg).to.equal('ES256')
      expect(decodeProtectedHeader(given.access_token).alg).to.equal('ES256')
      expect(await client.fetchUserInfo(config, given.access_token, subject, { DPoP })).to.include({ sub: subject })
    })

    it(name('user-rejects-authentication'), async () => {
      const { target, checks } = await push({ prompt: 'consent' })
      const callback = await through(target, undefined, false)
      expect(Object.fromEntries(callback.searchParams)).to.include({
        error: 'access_denied',
        state: checks.expectedState,
        iss: server.issuer,
      })
    })

    const passing: [string, () => Promise<Form>][] = [
      ['ensure-authorization-request-without-state-success', () => code({ state: undefined })],
      ['ensure-authorization-request-without-nonce-success', () => code({ nonce: undefined })],
      ['ensure-authorization-request-with-64-char-nonce-success', () => code({ nonce: 'n'.repeat(64) })],
      ['ensure-authorization-request-with-long-nonce', () => code({ nonce: 'n'.repeat(384) })],
      ['ensure-authorization-request-with-long-state', () => code({ state: 's'.repeat(384) })],
      ['ensure-other-scope-order-succeeds', () => code({ scope: 'notes:read openid' })],
    ]
    for (const [module, get] of passing) {
      it(name(module), async () => {
        const { status, body } = await redeem(await get())
        expect(status).to.equal(200)
        const { nonce } = decodeJwt(body.id_token as string) as { nonce?: string }
        if (module.endsWith('without-nonce-success')) expect(nonce).to.equal(undefined)
        if (module.includes('long-nonce')) expect(nonce).to.equal('n'.repeat(384))
      })
    }

    it(name('test-claims-parameter-identity-claims'), async () => {
      const form = await code({ scope: 'openid', claims: JSON.stringify({ id_token: { email: { essential: true } } }) })
      expect(decodeJwt((await redeem(form)).body.id_token as string)).to.include({ email: 'ada@example.com' })
    })

    it(name('access-token-type-header-case-sensitivity'), async () => {
      const { access_token: token = '' } = await tokens()
      for (const scheme of ['DPoP', 'dpop', 'DPOP', 'DpOp']) expect(await userinfo(token, {}, {}, scheme), scheme).to.equal(200)
    })

    it(name('refresh-token'), async () => {
      const { refresh_token: token } = await tokens()
      const form = { grant_type: 'refresh_token', refresh_token: token }
      expect(errorOf(await post(server, '/token', { client_id: one.id, ...form }, await dpop()))).to.equal('401 invalid_client')
      expect(errorOf(await postAs(server, one, '/token', form))).to.equal('400 invalid_grant')
      expect(errorOf(await redeem(form, {}, other))).to.equal('400 invalid_grant')
      // FAPI 2.0 Security Profile s5.3.2.1: refresh tokens are not rotated.
      for (let turn = 0; turn < 2; turn++) {
        const next = await redeem(form)
        expect(next.status).to.equal(200)
        expect(next.body.refresh_token).to.equal(token)
        expect(decodeJwt(next.body.access_token as string).cnf).to.deep.equal({ jkt: key.thumbprint })
      }
    })
  })

  describe('pushed requests', () => {
    it(name('ensure-unsigned-authorization-request-without-using-par-fails'), async () => {
      const { parameters } = await requestParameters()
      expect(await errorAt(client.buildAuthorizationUrl(config, parameters).href)).to.equal('invalid_request')
    })

    it(name('par-ensure-reused-request-uri-prior-to-auth-completion-succeeds'), async () => {
      const { target } = await push()
      const visitor = createVisitor(server.issuer)
      await visitor.open(target)
      expect((await through(target, visitor)).searchParams.get('code')).to.be.a('string')
    })

    it(name('par-attempt-reuse-request_uri'), async () => {
      const { target } = await push()
      const visitor = createVisitor(server.issuer)
      expect((await through(target, visitor)).searchParams.get('code')).to.be.a('string')
      expect(await errorAt(target, visitor)).to.equal('invalid_request_uri')
    })

    it(name('par-attempt-to-use-expired-request_uri'), async () => {
      const { target, body } = await push()
      expect(Number(body.expires_in)).to.be.greaterThan(4).and.lessThan(600)
      travel(Number(body.expires_in) + 1)
      expect(await errorAt(target)).to.equal('invalid_request_uri')
    })

    it(name('par-attempt-to-use-request_uri-for-different-client'), async () => {
      const { body } = await push()
      expect(await errorAt(targetOf(body.request_uri, other))).to.match(/^invalid_request/)
    })

    it(name('par-authorization-request-containing-request_uri-form-param'), async () => {
      const { body } = await push()
      expect(errorOf(await push({ request_uri: body.request_uri }))).to.equal('400 request_uri_not_supported')
    })

    it(name('par-authorization-request-containing-request_uri'), async () => {
      const { body } = await push()
      const { parameters } = await requestParameters()
      const request = await requestObject(server, signing, { ...parameters, request_uri: body.request_uri })
      expect(errorOf(await postAs(server, signing, '/par', { request }))).to.equal('400 invalid_request_object')
    })

    it(name('par-attempt-invalid-http-method'), async () => {
      for (const method of ['GET', 'PUT', 'DELETE'])
        expect((await fetch(`${server.issuer}/par`, { method, redirect: 'manual' })).status).to.be.within(400, 499)
    })

    it(name('par-without-duplicate-parameters'), async () => {
      const { target } = await push()
      expect([...new URL(target, server.issuer).searchParams.keys()]).to.deep.equal(['client_id', 'request_uri'])
      expect((await through(target)).searchParams.get('code')).to.be.a('string')
    })

    it(name('state-only-outside-request-object-not-used'), async () => {
      const { target } = await push({ state: undefined })
      expect((await through(`${target}&state=outside`)).searchParams.has('state')).to.equal(false)
    })

    it(name('ensure-different-state-inside-and-outside-request-object'), async () => {
      const { target, checks } = await push()
      expect((await through(`${target}&state=outside`)).searchParams.get('state')).to.equal(checks.expectedState)
    })

    it(name('ensure-different-nonce-inside-and-outside-request-object'), async () => {
      const { target, checks } = await push()
      const callback = await through(`${target}&nonce=outside`)
      const form = {
        grant_type: 'authorization_code',
        code: callback.searchParams.get('code') as string,
        redirect_uri: redirectUri,
      }
      const { body } = await redeem(form, { code_verifier: checks.pkceCodeVerifier })
      expect(decodeJwt(body.id_token as string).nonce).to.equal(checks.expectedNonce)
    })

    const refused: [string, Form, string | RegExp][] = [
      ['ensure-registered-redirect-uri', { redirect_uri: 'https://attacker.example/' }, '400 invalid_request'],
      ['plain-fapi-tolerate-unregistered-redirect-uri', { redirect_uri: `${redirectUri}/unregistered` }, '400 invalid_request'],
      ['ensure-redirect-uri-in-authorization-request', { redirect_uri: undefined }, '400 invalid_request'],
      [
        'ensure-response-type-code-idtoken-fails',
        { response_type: 'code id_token' },
        /^400 (unsupported_response_type|invalid_request)$/,
      ],
      ['ensure-response-type-token-fails', { response_type: 'token' }, /^400 (unsupported_response_type|invalid_request)$/],
      ['par-ensure-pkce-required', { code_challenge: undefined, code_challenge_method: undefined }, '400 invalid_request'],
      ['par-plain-pkce-rejected', { code_challenge: 'c'.repeat(43), code_challenge_method: 'plain' }, '400 invalid_request'],
    ]
    for (const [module, changes, error] of refused) {
      it(name(module), async () => {
        expect((await push()).status).to.equal(201)
        expect(errorOf(await push(changes))).to.match(typeof error === 'string' ? new RegExp(`^${error}$`) : error)
      })
    }
  })

  describe('client assertions', () => {
    /** A pushed request with an assertion that differs in this. */
    const withAssertion = async (claims: Members, header: Members = {}, by = one) =>
      push({}, { form: { client_assertion: await assertion(server, by, claims, header) } })

    it('the control: is taken when it is in order', async () => expect((await withAssertion({})).status).to.equal(201))

    for (const [module, claims] of [
      ['par-test-array-as-audience-fails', () => ({ aud: [server.issuer] })],
      ['par-test-par-endpoint-url-as-audience-fails', () => ({ aud: `${server.issuer}/par` })],
      ['par-test-token-endpoint-url-as-audience-fails', () => ({ aud: tokenUrl() })],
      [
        'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails',
        () => ({ iat: now() + 65, nbf: now() + 65, exp: now() + 125 }),
      ],
    ] as [string, () => Members][]) {
      it(name(module), async () => expect(errorOf(await withAssertion(claims()))).to.equal('401 invalid_client'))
    }

    it(name('par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted'), async () =>
      expect((await withAssertion({ iat: now() + 8, nbf: now() + 8 })).status).to.equal(201),
    )

    const atToken = async (claims: Members, by = one) =>
      redeem(await code(), { client_assertion: await assertion(server, by, claims) })

    it(name('ensure-client-assertion-in-token-endpoint'), async () => {
      const form = await code()
      expect(errorOf(await post(server, '/token', { ...form, client_id: one.id }, await dpop()))).to.equal('401 invalid_client')
      expect((await redeem(form)).status).to.equal(200)
    })
    it(name('ensure-client-assertion-with-exp-is-5-minutes-in-past-fails'), async () =>
      expect(errorOf(await atToken({ exp: now() - 300 }))).to.equal('401 invalid_client'),
    )
    it(name('ensure-client-assertion-with-wrong-aud-fails'), async () =>
      expect(errorOf(await atToken({ aud: 'https://www.example.com/token' }))).to.equal('401 invalid_client'),
    )
    it(name('ensure-client-assertion-with-no-sub-fails'), async () =>
      expect(errorOf(await atToken({ sub: undefined }))).to.equal('401 invalid_client'),
    )
    it(name('ensure-signed-client-assertion-with-RS256-fails'), async () => {
      const rsa = await keyPair('RS256')
      const { alg, ...jwk } = rsa.jwk
      await addKeyed(server, 'by-rsa', { profile: 'fapi2', dpopBound: true, jwks: { keys: [jwk] } })
      expect((await push({}, { by: { id: 'by-rsa', key: await pss(rsa) } })).status).to.equal(201)
      expect(errorOf(await push({}, { by: { id: 'by-rsa', key: rsa } }))).to.equal('401 invalid_client')
    })
    it(name('ensure-client-id-in-token-endpoint'), async () => {
      const form = await code()
      const mixed = await assertion(server, { id: other.id, key: one.key })
      expect(errorOf(await redeem(form, { client_id: other.id, client_assertion: mixed }))).to.equal('401 invalid_client')
    })
  })

  describe('the token endpoint', () => {
    it(name('ensure-holder-of-key-required'), async () =>
      expect(errorOf(await postAs(server, one, '/token', await code()))).to.equal('400 invalid_grant'),
    )
    it(name('ensure-authorization-code-is-bound-to-client'), async () =>
      expect(errorOf(await redeem(await code(), {}, other))).to.equal('400 invalid_grant'),
    )
    it(name('attempt-reuse-authorization-code-after-one-second'), async () => {
      const form = await code()
      const first = await redeem(form)
      travel(1)
      expect(errorOf(await redeem(form))).to.equal('400 invalid_grant')
      expect(await userinfo(first.body.access_token as string)).to.equal(401)
    })
    it(name('ensure-token-endpoint-fails-with-expired-auth-code'), async () => {
      const form = await code()
      travel(61)
      expect(errorOf(await redeem(form))).to.equal('400 invalid_grant')
    })
    it(name('ensure-pkce-code-verifier-required'), async () =>
      expect(errorOf(await redeem(await code(), { code_verifier: undefined }))).to.equal('400 invalid_grant'),
    )
    it(name('incorrect-pkce-code-verifier-rejected'), async () =>
      expect(errorOf(await redeem(await code(), { code_verifier: 'v'.repeat(43) }))).to.equal('400 invalid_grant'),
    )
  })

  describe('proofs of possession', () => {
    const parProof = async (by = key) => ({ dpop: await proof(by, 'POST', `${server.issuer}/par`) })

    it(name('ensure-dpop-auth-code-binding-success'), async () =>
      expect((await redeem(await code({ dpop_jkt: key.thumbprint }))).status).to.equal(200),
    )
    it(name('ensure-dpopproof-at-par-endpoint-binding-success'), async () =>
      expect((await redeem(await code({}, await parProof()))).status).to.equal(200),
    )
    it(name('ensure-mismatched-dpop-jkt-fails'), async () => {
      const stranger = await keyPair()
      expect(errorOf(await push({ dpop_jkt: stranger.thumbprint }, { headers: await parProof() }))).to.equal(
        '400 invalid_request',
      )
    })
    it(name('ensure-token-endpoint-fails-with-mismatched-dpop-jkt'), async () =>
      expect(errorOf(await redeem(await code({ dpop_jkt: (await keyPair()).thumbprint })))).to.equal('400 invalid_grant'),
    )
    it(name('ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt'), async () =>
      expect(errorOf(await redeem(await code({}, await parProof(await keyPair()))))).to.equal('400 invalid_grant'),
    )

    for (const [module, iat] of [
      ['ensure-dpopproof-with-iat-10seconds-before-succeeds', -10],
      ['ensure-dpopproof-with-iat-10seconds-after-succeeds', 10],
    ] as const) {
      it(name(module), async () => {
        const headers = { dpop: await proof(key, 'POST', tokenUrl(), { iat: now() + iat }) }
        const answer = await postAs(server, one, '/token', await code(), headers)
        expect(answer.status).to.equal(200)
        expect(await userinfo(answer.body.access_token as string, { iat: now() + iat })).to.equal(200)
      })
    }
    it(name('check-dpop-proof-nbf-exp'), async () => {
      const { access_token: token = '' } = await tokens()
      expect(await userinfo(token, { nbf: now() - 10, exp: now() + 60 })).to.equal(200)
      expect(await userinfo(token, { exp: now() - 60 })).to.equal(401)
      expect(await userinfo(token, { nbf: now() + 600 })).to.equal(401)
    })

    it(name('dpop-negative-tests'), async () => {
      const { access_token: token = '' } = await tokens()
      const good = [{}, { htu: `${userinfoUrl()}?query#fragment` }, { htu: userinfoUrl() }]
      for (const claims of good) expect(await userinfo(token, claims)).to.equal(200)
      const bad: [Members, Members?][] = [
        [{ jti: undefined }],
        [{ htm: undefined }],
        [{ htu: undefined }],
        [{ iat: undefined }],
        [{ ath: undefined }],
        [{ ath: 'wrong' }],
        [{ htm: 'PUT' }],
        [{ htu: `${server.issuer}/other` }],
        [{ iat: now() + 3_600 }],
        [{ iat: now() - 3_600 }],
        [{}, { typ: undefined }],
        [{}, { typ: 'jwt' }],
        [{}, { jwk: undefined }],
        [{}, { jwk: await exportJWK(key.privateKey) }],
      ]
      for (const [claims, header] of bad)
        expect(await userinfo(token, claims, header), JSON.stringify([claims, header])).to.equal(401)
      expect([await userinfo(token, { jti: 'fixed' }), await userinfo(token, { jti: 'fixed' })]).to.deep.equal([200, 401])
      const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')
      const fine = await proof(key, 'GET', userinfoUrl(), { ath })
      const [header = '', payload = '', signature = ''] = fine.split('.')
      const none = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(fine), alg: 'none' })).toString('base64url')
      const withoutAlg = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(fine), alg: undefined })).toString('base64url')
      for (const broken of [
        `${fine}, ${fine}`,
        'not well formed',
        `${none}.${payload}.`,
        `${withoutAlg}.${payload}.${signature}`,
        `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
        await proof(await keyPair('RS256'), 'GET', userinfoUrl(), { ath }),
        await proof(await keyPair(), 'GET', userinfoUrl(), { ath }),
      ])
        expect(await askUserinfo(token, broken)).to.equal(401)
      const bearer = await fetch(userinfoUrl(), { headers: { authorization: `Bearer ${token}` } })
      expect(bearer.status).to.equal(401)
    })
  })

  describe('signed requests (of the message signing plan)', () => {
    const signed = async (claims: Members = {}, header: Members = {}, by: Keyed = signing) => {
      const { parameters } = await requestParameters()
      return postAs(server, signing, '/par', { request: await requestObject(server, by, { ...parameters, ...claims }, header) })
    }
    const window = (nbf: number, exp: number): Members => ({ iat: undefined, nbf: now() + nbf, exp: now() + exp })

    it(name('ensure-unsigned-request-at-par-endpoint-fails'), async () =>
      expect(errorOf(await push({}, { by: signing }))).to.equal('400 invalid_request'),
    )
    it(name('ensure-request-object-with-multiple-aud-succeeds'), async () =>
      expect((await signed({ aud: ['https://other.example', server.issuer] })).status).to.equal(201),
    )
    it(name('ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted'), async () =>
      expect((await signed(window(8, 60))).status).to.equal(201),
    )

    const bad: [string, () => Members][] = [
      ['ensure-request-object-without-exp-fails', () => ({ exp: undefined })],
      ['ensure-request-object-without-nbf-fails', () => ({ nbf: undefined })],
      ['ensure-request-object-with-exp-over-60-fails', () => window(0, 70 * 60)],
      ['ensure-request-object-with-nbf-over-60-fails', () => window(-70 * 60, 60)],
      ['ensure-expired-request-object-fails', () => window(-600, -300)],
      ['ensure-request-object-with-bad-aud-fails', () => ({ aud: 'https://www.example.com/' })],
    ]
    for (const [module, claims] of bad) {
      it(name(module), async () => expect(errorOf(await signed(claims()))).to.equal('400 invalid_request_object'))
    }

    it(name('ensure-request-object-without-redirect-uri-fails'), async () =>
      expect(errorOf(await signed({ redirect_uri: undefined }))).to.match(/^400 invalid_request/),
    )
    it(name('ensure-matching-key-in-authorization-request'), async () =>
      expect(errorOf(await signed({}, {}, { ...other, id: signing.id }))).to.equal('400 invalid_request_object'),
    )
    it(name('ensure-signed-request-object-with-RS256-fails'), async () => {
      const rsa = await keyPair('RS256')
      const { alg, ...jwk } = rsa.jwk
      const keys = { keys: [other.key.jwk, { ...jwk, kid: 'rsa' }] }
      const mixed = { id: 'mixed', key: other.key }
      await addKeyed(server, 'mixed', { profile: 'fapi2', dpopBound: true, requireSignedRequests: true, jwks: keys })
      const { parameters } = await requestParameters()
      const pushed = async (key: KeyPair, header: Members) =>
        postAs(server, mixed, '/par', { request: await requestObject(server, { id: 'mixed', key }, { ...parameters }, header) })
      expect((await pushed(other.key, {})).status).to.equal(201)
      expect((await pushed(await pss(rsa), { kid: 'rsa' })).status).to.equal(201)
      expect(errorOf(await pushed(rsa, { kid: 'rsa' }))).to.equal('400 invalid_request_object')
    })
    it(name('ensure-request-object-signature-algorithm-is-not-none'), async () => {
      const { parameters } = await requestParameters()
      const [, payload] = (await requestObject(server, signing, parameters)).split('.')
      const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
      expect(errorOf(await postAs(server, signing, '/par', { request: `${header}.${payload}.` }))).to.equal(
        '400 invalid_request_object',
      )
    })
    it(name('ensure-request-object-with-invalid-signature-fails'), async () => {
      const { parameters } = await requestParameters()
      const request = await requestObject(server, signing, parameters)
      const altered = `${request.slice(0, -6)}AAAAAA`
      expect(errorOf(await postAs(server, signing, '/par', { request: altered }))).to.equal('400 invalid_request_object')
    })
  })

  describe('with mutual TLS for both (client_auth_type mtls, sender_constrain mtls)', () => {
    const own = selfSigned(['client.example'])
    const stranger = selfSigned(['stranger.example'])
    let proxied: TestServer
    before(async () => {
      const mutualTls = { certificateHeader: 'client-cert' }
      proxied = await startTestServer({ settings: { mutualTls, trustedProxies: ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'] } })
      await proxied.parts.accounts.add({ email: 'ada@example.com', password })
      const registration = { authentication: 'self_signed_tls_client_auth', jwks: jwksOf(own), certificateBound: true }
      await addKeyed(proxied, 'client1', { profile: 'fapi2', ...registration })
    })
    after(() => proxied.close())

    /** openid-client behind a proxy that hands its certificate on. */
    async function by(certificate: Certificate | undefined): Promise<client.Configuration> {
      const found = await client.discovery(new URL(proxied.issuer), 'client1', undefined, client.TlsClientAuth(), {
        execute: [client.allowInsecureRequests],
      })
      const sent = certificate ? { 'client-cert': inHeader(certificate) } : {}
      found[client.customFetch] = (url, options) =>
        fetch(url, { ...options, headers: { ...options.headers, ...sent } } as RequestInit)
      return found
    }
    async function grant(own: client.Configuration, atToken = own) {
      const { parameters, checks } = await requestParameters()
      const url = await client.buildAuthorizationUrlWithPAR(own, parameters)
      const visitor = createVisitor(proxied.issuer)
      return client.authorizationCodeGrant(atToken, await passThrough(visitor, await visitor.open(url)), checks)
    }
    const failed = (attempt: Promise<unknown>) => attempt.catch(({ error, status }) => `${status} ${error}`)

    it(name('happy-flow'), async () => {
      const tokens = await grant(await by(own))
      expect(decodeJwt(tokens.access_token).cnf).to.have.keys('x5t#S256')
    })
    it(name('ensure-holder-of-key-required'), async () => {
      for (const wrong of [stranger, undefined])
        expect(await failed(grant(await by(own), await by(wrong)))).to.equal('401 invalid_client')
    })
    it(name('refresh-token'), async () => {
      const { refresh_token: token = '' } = await grant(await by(own))
      expect(await failed(client.refreshTokenGrant(await by(stranger), token))).to.equal('401 invalid_client')
      expect((await client.refreshTokenGrant(await by(own), token)).refresh_token).to.equal(token)
    })
  })

  describe('what no module asks, but the profile does (s5.3.2)', () => {
    it('codes end after a minute, whatever the settings say', async () => {
      const long = await startTestServer({ settings: { lifetimes: { authorizationCodeSeconds: 300 } } })
      try {
        await long.parts.accounts.add({ email: 'ada@example.com', password })
        const own = await addKeyed(long, 'client1', { profile: 'fapi2', dpopBound: true })
        const { parameters, checks } = await requestParameters({ response_type: 'code' })
        const { body } = await postAs(long, own, '/par', parameters)
        const visitor = createVisitor(long.issuer)
        const callback = await passThrough(visitor, await visitor.open(targetOf(body.request_uri, own)))
        travel(61)
        const form = {
          grant_type: 'authorization_code',
          code: callback.searchParams.get('code') as string,
          redirect_uri: redirectUri,
          code_verifier: checks.pkceCodeVerifier,
        }
        const headers = { dpop: await proof(key, 'POST', `${long.issuer}/token`) }
        expect(errorOf(await postAs(long, own, '/token', form, headers))).to.equal('400 invalid_grant')
      } finally {
        await long.close()
      }
    })

    it('people are sent on by 303, never by 307', async () => {
      const visitor = createVisitor(server.issuer)
      const { target } = await push()
      expect((await visitor.fetch(target)).status).to.equal(303)
    })

    it('no token is signed with RS256: not for an API that has it, nor as an ID token', async () => {
      const { body } = await push({ resource: 'https://mail.example.com', scope: 'openid mail:read' })
      expect(body.error).to.equal('invalid_target')
      const registration = { profile: 'fapi2', dpopBound: true, idTokenAlgorithm: 'RS256' }
      expect(await addKeyed(server, 'rs256', registration).catch(({ code }) => code)).to.equal('invalid_client_metadata')
    })

    for (const [what, more] of [
      ['a secret', { authentication: 'client_secret_basic', jwks: undefined }],
      ['no key that its tokens are bound to', { dpopBound: false }],
      ['an exemption from PKCE', { pkceExempt: true }],
      ['a redirect over http', { redirectUris: ['http://127.0.0.1/callback'] }],
      ['a public kind', { kind: 'spa', authentication: 'none', jwks: undefined }],
    ] as [string, Members][]) {
      it(`no client of the profile has ${what}`, async () => {
        const error = await addKeyed(server, 'wrong', { profile: 'fapi2', dpopBound: true, ...more }).catch(({ code }) => code)
        expect(error).to.equal('invalid_client_metadata')
      })
    }

    it('the assertion type is needed', async () => {
      const own = await assertion(server, one)
      const { parameters } = await requestParameters({ response_type: 'code' })
      const form = { ...parameters, client_id: one.id, client_assertion: own }
      expect((await post(server, '/par', form)).status).to.equal(400)
      expect((await post(server, '/par', { ...form, client_assertion_type: assertionType })).status).to.equal(201)
    })
  })
})

/** The same RSA key for RSASSA-PSS, which the profile takes. */
async function pss(key: KeyPair): Promise<KeyPair> {
  const { alg, ...jwk } = await exportJWK(key.privateKey)
  return { ...key, privateKey: (await importJWK(jwk, 'PS256')) as KeyPair['privateKey'], alg: 'PS256' }
}
