/** What is said about a token, and to whom: RFC 7662, signed by RFC 9701. */
import { expect } from 'chai'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Refusal } from '../../src/base/errors.ts'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { addKeyed, configured, keyPair, refused } from '../support/keyed.ts'
import { keptLog } from '../support/log.ts'
import { type Apis, apiClients, introspect, question } from '../support/questions.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, type Credentials, cast, password, refresh, token, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const signedType = 'application/token-introspection+jwt'
const inactive = { active: false }

describe('introspection', () => {
  const { log, lines } = keptLog()
  let server: TestServer
  let who: Cast
  let apis: Apis
  before(async () => {
    server = await startTestServer({ log })
    who = await cast(server, ['editor'])
    apis = await apiClients(server)
  })
  after(async () => {
    returnToPresent()
    await server.close()
  })

  const ask = (client: Credentials, one: string | undefined) => introspect(server, client, one as string)
  const machineToken = async () =>
    (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token!

  it('tells the API that a token is for what the token says, and in whose name', async () => {
    const { access_token: jwt } = await tokensFor(server, who.web, { scope: 'openid notes:read notes:delete' })
    const { grant, ...claims } = decodeJwt(jwt!)
    expect(grant).to.be.a('string')
    expect(await ask(apis.notes, jwt)).to.deep.equal({ active: true, token_type: 'Bearer', ...claims })
    expect(claims).to.include({ sub: who.subject, client_id: 'web', aud: api, scope: 'openid notes:read notes:delete' })
    expect(claims).to.include.keys('iss', 'iat', 'exp', 'jti', 'auth_time', 'acr', 'amr', 'sid', 'roles')
  })
  it('tells of a machine’s token too, and nothing of a person', async () => {
    const jwt = await machineToken()
    expect(await ask(apis.notes, jwt)).to.deep.equal({ active: true, token_type: 'Bearer', ...decodeJwt(jwt) })
  })
  it('tells a client of its own tokens, a public one too', async () => {
    for (const client of [who.web, who.native]) {
      const { access_token: jwt, refresh_token: rotating } = await tokensFor(server, client)
      expect(await ask(client, jwt), client.id).to.include({ active: true, client_id: client.id })
      expect(await ask(client, rotating), client.id).to.include({ active: true, client_id: client.id })
    }
  })
  it('is no form of ours: a page may ask from its own origin', async () => {
    const origin = 'https://spa.example.com'
    const { access_token: jwt } = await tokensFor(server, who.spa)
    const headers = { origin, 'sec-fetch-site': 'cross-site' }
    for (const endpoint of ['introspection', 'revocation'] as const) {
      const answer = await question(server, endpoint, who.spa, { token: jwt! }, headers)
      expect([answer.status, answer.headers.get('access-control-allow-origin')], endpoint).to.deep.equal([200, origin])
    }
  })
  it('says nothing that may be kept by a cache', async () => {
    const answer = await question(server, 'introspection', apis.notes, { token: await machineToken() })
    expect(answer.headers.get('cache-control')).to.equal('no-store')
    expect(answer.headers.get('content-type')).to.match(/^application\/json/)
  })

  it('T27 tells nobody else, whatever hint they give, more than of a token that does not exist', async () => {
    const { access_token: jwt, refresh_token: rotating } = await tokensFor(server, who.web)
    const { text: nothing } = await question(server, 'introspection', who.machine, { token: 'x' })
    for (const [client, one] of [
      [apis.mail, jwt],
      [who.machine, jwt],
      [who.exempt, jwt],
      [who.spa, jwt],
      [apis.notes, rotating],
      [who.machine, rotating],
      [who.spa, rotating],
    ] as const) {
      for (const hint of [undefined, 'access_token', 'refresh_token', 'saml', '']) {
        const parameters = { token: one as string, ...(hint !== undefined && { token_type_hint: hint }) }
        const { status, text } = await question(server, 'introspection', client, parameters)
        expect([status, text], `${client.id} ${hint}`).to.deep.equal([200, nothing])
      }
    }
    expect(await ask(apis.notes, jwt), 'the control').to.include({ active: true })
    expect(await ask(who.web, rotating), 'the control').to.include({ active: true })
  })
  it('T27 answers 401 to whoever does not authenticate, or not as itself', async () => {
    const one = await machineToken()
    for (const client of [undefined, { id: 'notes-api', secret: 'wrong' }, { id: 'nobody', secret: 'x' }, { id: 'notes-api' }]) {
      const { status, body } = await question(server, 'introspection', client, { token: one })
      expect([status, body.error], client?.id).to.deep.equal([401, 'invalid_client'])
      expect(Object.keys(body)).to.have.members(['error', 'error_description'])
    }
    const { headers } = await question(server, 'introspection', undefined, { token: one })
    expect(headers.get('www-authenticate')).to.match(/^Basic /)
    const bearer = await question(server, 'introspection', undefined, { token: one }, { authorization: `Bearer ${one}` })
    expect(bearer.status).to.equal(401)
  })
  it('T27 refuses a question that is not in order', async () => {
    for (const body of ['', 'token=', 'token=a&token=b']) {
      const response = await fetch(`${server.issuer}/introspection`, {
        method: 'POST',
        body,
        headers: { authorization: basic(apis.notes), 'content-type': 'application/x-www-form-urlencoded' },
      })
      expect([response.status, ((await response.json()) as Record<string, unknown>).error], body).to.deep.equal([
        400,
        'invalid_request',
      ])
    }
    expect((await fetch(`${server.issuer}/introspection`)).status).to.equal(404)
  })
  it('R16 knows a token in one spelling alone, and userinfo too', async () => {
    const { access_token: jwt = '' } = await tokensFor(server, who.web)
    // Of the last character of 64 bytes four bits are nothing's, and zero.
    const respelled = jwt.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[jwt.at(-1) as 'A']
    const userinfo = async (one: string) =>
      (await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${one}` } })).status
    expect([await ask(apis.notes, respelled), await userinfo(respelled)]).to.deep.equal([inactive, 401])
    expect(await userinfo(jwt), 'the control').to.equal(200)
  })
  it('takes what is no token of this server, or was altered, for inactive', async () => {
    const tokens = await tokensFor(server, who.web)
    const [header, body, signature] = tokens.access_token!.split('.') as [string, string, string]
    const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const one of [
      tokens.id_token,
      `${header}.${text({ ...decodeJwt(tokens.access_token!), scope: 'notes:delete' })}.${signature}`,
      `${header}.${body}.${signature!.slice(4)}`,
      `${text({ alg: 'none', typ: 'at+jwt' })}.${body}.`,
      `${text({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'at+jwt' })}..a.b.c`,
      `${header}.${body}`,
      `${header}....`,
      header,
      '..',
      'x',
    ])
      expect(await ask(apis.notes, one), one).to.deep.equal(inactive)
    expect(await ask(apis.notes, tokens.access_token), 'the control').to.include({ active: true })
  })
  it('knows what became of a token since it was signed', async () => {
    const lives = async (one: string | undefined) => (await ask(apis.notes, one)).active
    await server.parts.accounts.add({ email: 'gone@example.com', password })

    const expired = await machineToken()
    travel(599)
    expect(await lives(expired), 'before its end').to.equal(true)
    travel(601)
    expect(await lives(expired), 'after its end').to.equal(false)
    returnToPresent()

    const { registration, secret } = await server.parts.clients.add({
      name: 'M',
      kind: 'machine',
      apis: { [api]: ['notes:read'] },
    })
    const removed = await token(
      server,
      { id: registration.id, secret },
      { grant_type: 'client_credentials', scope: 'notes:read' },
    )
    expect(await lives(removed.body.access_token)).to.equal(true)
    await server.parts.clients.remove(registration.id)
    expect(await lives(removed.body.access_token), 'of a client that is gone').to.equal(false)

    const replayed = await tokensFor(server, who.native)
    const next = await refresh(server, who.native, replayed.refresh_token!)
    expect(await lives(next.body.access_token)).to.equal(true)
    await server.parts.store.artifacts.removeBound({ account: who.subject })
    expect(await lives(next.body.access_token), 'of a grant that ended').to.equal(false)

    const disabled = await tokensFor(server, who.web)
    expect(await lives(disabled.access_token)).to.equal(true)
    await server.parts.accounts.disable(who.email)
    expect(await lives(disabled.access_token), 'of a disabled person').to.equal(false)
    await server.parts.accounts.enable(who.email)
    travel(2)
  })
  it('is 503 when the store cannot answer, never a guess', async () => {
    const { access_token: jwt } = await tokensFor(server, who.web)
    const one = await machineToken()
    const { artifacts, revocations } = server.parts.store
    const [find, findSentences] = [artifacts.find, revocations.find]
    artifacts.find = revocations.find = async () => {
      throw new Refusal('temporarily_unavailable', 'Not now.', { status: 503, retryAfterSeconds: 7 })
    }
    for (const [endpoint, client] of [
      ['introspection', apis.notes],
      ['revocation', who.web],
    ] as const) {
      for (const asked of [jwt!, one]) {
        const { status, headers, body } = await question(server, endpoint, client, { token: asked })
        expect([status, headers.get('retry-after'), body.error], endpoint).to.deep.equal([503, '7', 'temporarily_unavailable'])
      }
    }
    const exchange = await token(server, apis.notes, {
      grant_type: grantTypes.token_exchange,
      subject_token: jwt,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    expect([exchange.status, exchange.headers.get('retry-after')]).to.deep.equal([503, '7'])
    Object.assign(artifacts, { find })
    Object.assign(revocations, { find: findSentences })
    expect(await ask(apis.notes, jwt), 'the control').to.include({ active: true })
  })
  it('is no refusal in the log', async () => {
    lines.length = 0
    await ask(apis.notes, await machineToken())
    await ask(apis.notes, 'x')
    expect(lines).to.deep.equal([])
    await question(server, 'introspection', { id: 'nobody', secret: 'x' }, { token: 'x' })
    expect(lines, 'the control').to.have.length(1)
    expect(lines[0]).to.include({ event: 'introspection.error', error: 'invalid_client' })
  })

  describe('through clients that nobody here wrote', () => {
    let as: oauth.AuthorizationServer
    before(async () => {
      const issuer = new URL(server.issuer)
      as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
      expect(as.introspection_endpoint).to.equal(`${server.issuer}/introspection`)
      expect(as.introspection_signing_alg_values_supported).to.deep.equal(['ES256', 'RS256'])
    })
    const client = { client_id: 'notes-api' }

    it('oauth4webapi reads the answer', async () => {
      const { access_token: jwt } = await tokensFor(server, who.web)
      const authentication = oauth.ClientSecretBasic(apis.notes.secret!)
      const plain = { ...insecure, requestJwtResponse: false }
      const about = async (one: string) =>
        oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, one, plain))
      expect(await about(jwt!)).to.include({ active: true, sub: who.subject })
      expect(await about(`${jwt}x`)).to.deep.equal(inactive)
      const refused = await oauth
        .introspectionRequest(as, client, oauth.ClientSecretPost('wrong'), jwt!, plain)
        .then((response) => oauth.processIntrospectionResponse(as, client, response))
        .catch((error) => error)
      expect(refused).to.be.instanceOf(oauth.ResponseBodyError).and.to.include({ error: 'invalid_client', status: 401 })
    })
    for (const algorithm of ['ES256', 'RS256'] as const) {
      it(`oauth4webapi reads the signed answer, ${algorithm}, and verifies it by the published keys`, async () => {
        const { registration, secret } = await server.parts.clients.add({
          name: 'Signed',
          kind: 'api',
          serves: [api],
          introspectionAlgorithm: algorithm,
        })
        const signing = { client_id: registration.id, introspection_signed_response_alg: algorithm }
        const authentication = oauth.ClientSecretBasic(secret!)
        const { access_token: jwt } = await tokensFor(server, who.web)
        for (const [one, expected] of [
          [jwt!, { active: true, client_id: 'web' }],
          ['x', inactive],
          [`${jwt}x`, inactive],
        ] as const) {
          const response = await oauth.introspectionRequest(as, signing, authentication, one, {
            ...insecure,
            requestJwtResponse: true,
          })
          expect(response.headers.get('content-type')).to.match(/^application\/token-introspection\+jwt/)
          expect(await oauth.processIntrospectionResponse(as, signing, response), one).to.include(expected)
          await oauth.validateApplicationLevelSignature(as, response, insecure)
        }
      })
    }
    it('jose verifies the signed answer: who says it, to whom, when, and nothing else outside', async () => {
      const one = await machineToken()
      const { text } = await question(server, 'introspection', apis.notes, { token: one }, { accept: signedType })
      const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`))
      const { payload, protectedHeader } = await jwtVerify(text, keys, {
        issuer: server.issuer,
        audience: 'notes-api',
        typ: 'token-introspection+jwt',
        algorithms: ['ES256'],
      })
      expect(protectedHeader.typ).to.equal('token-introspection+jwt')
      // RFC 9701 s5: no `sub` and no `exp` here, so that nobody takes the answer for a token.
      expect(payload).to.have.keys(['iss', 'aud', 'iat', 'token_introspection'])
      expect(payload.token_introspection).to.deep.equal({ active: true, token_type: 'Bearer', ...decodeJwt(one) })
    })
    it('oauth4webapi is answered by signature about a refresh token too', async () => {
      const own = { client_id: 'web', introspection_signed_response_alg: 'ES256' }
      const { refresh_token: rotating } = await tokensFor(server, who.web)
      const authentication = oauth.ClientSecretBasic(who.web.secret!)
      const options = { ...insecure, requestJwtResponse: true }
      const response = await oauth.introspectionRequest(as, own, authentication, rotating!, options)
      expect(await oauth.processIntrospectionResponse(as, own, response)).to.include({ active: true, client_id: 'web' })
      await oauth.validateApplicationLevelSignature(as, response, insecure)
    })
    it('openid-client asks by private_key_jwt', async () => {
      const keyed = await addKeyed(server, 'keyed-api', { kind: 'api', redirectUris: [], apis: {}, serves: [api] })
      const { access_token: jwt } = await tokensFor(server, who.web)
      expect(await openid.tokenIntrospection(await configured(server, keyed), jwt!)).to.include({ active: true, aud: api })
      const stranger = await configured(server, { ...keyed, key: await keyPair() })
      expect(await refused(openid.tokenIntrospection(stranger, jwt!))).to.equal('invalid_client')
    })
    it('openid-client asks and is answered', async () => {
      const options = { execute: [openid.allowInsecureRequests] }
      const found = await openid.discovery(new URL(server.issuer), 'notes-api', apis.notes.secret, undefined, options)
      const { access_token: jwt } = await tokensFor(server, who.web)
      expect(await openid.tokenIntrospection(found, jwt!)).to.include({ active: true, aud: api })
      const other = await openid.discovery(new URL(server.issuer), 'mail-api', apis.mail.secret, undefined, options)
      expect(await openid.tokenIntrospection(other, jwt!)).to.deep.equal(inactive)
      const mail = await tokensFor(server, who.web, { resource: otherApi, scope: 'openid mail:read' })
      expect(await openid.tokenIntrospection(other, mail.access_token!)).to.include({ active: true, aud: otherApi })
    })
  })
})
