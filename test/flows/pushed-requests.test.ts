/** Requests that are pushed (RFC 9126) or signed (RFC 9101), and answers that are signed (JARM), by openid-client and oauth4webapi. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { createVisitor } from '../../src/try/visitor.ts'
import { addKeyed, configured, type Keyed, postAs, refused, requestObject, requestParameters, sent } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, passThrough, password, redirectUri } from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

describe('pushed and signed requests', () => {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  let config: client.Configuration
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed')
    config = await configured(server, keyed)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const byPar = client.buildAuthorizationUrlWithPAR
  const byJar = (given: client.Configuration, parameters: Record<string, string>) =>
    client.buildAuthorizationUrlWithJAR(given, parameters, { key: keyed.key.privateKey, kid: keyed.key.thumbprint })

  it('signs a person in by a pushed request and private_key_jwt', async () => {
    const { callback, checks } = await sent(server, config, byPar)
    const tokens = await client.authorizationCodeGrant(config, callback, { ...checks, idTokenExpected: true })
    expect(tokens.claims()?.sub).to.equal(who.subject)
    expect(await client.fetchUserInfo(config, tokens.access_token, who.subject)).to.include({ sub: who.subject })
    expect((await client.refreshTokenGrant(config, tokens.refresh_token as string)).scope).to.equal('openid notes:read')
  })

  it('takes a pushed request from oauth4webapi as well, a public client’s too', async () => {
    const issuer = new URL(server.issuer)
    const insecure = { [oauth.allowInsecureRequests]: true }
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    const { parameters } = await requestParameters({ redirect_uri: 'http://127.0.0.1/callback', response_type: 'code' })
    const native: oauth.Client = { client_id: 'native' }
    const response = await oauth.pushedAuthorizationRequest(
      as,
      native,
      oauth.None(),
      { ...parameters, client_id: 'native' },
      insecure,
    )
    const pushed = await oauth.processPushedAuthorizationResponse(as, native, response)
    expect(pushed.expires_in).to.equal(60)
    const visitor = createVisitor(server.issuer)
    const answer = await passThrough(
      visitor,
      await visitor.open(`/auth?client_id=native&request_uri=${encodeURIComponent(pushed.request_uri)}`),
    )
    expect(oauth.validateAuthResponse(as, native, answer, parameters.state).get('code')).to.be.a('string')
  })

  it('signs a person in by a signed request, by value and pushed', async () => {
    const jarByPar = async (given: client.Configuration, parameters: Record<string, string>) => {
      const request = (await byJar(given, parameters)).searchParams.get('request') as string
      return client.buildAuthorizationUrlWithPAR(given, { request })
    }
    for (const build of [byJar, jarByPar]) {
      const { callback, checks } = await sent(server, config, build)
      expect((await client.authorizationCodeGrant(config, callback, checks)).scope).to.equal('openid notes:read')
    }
  })

  it('hears a signed answer (JARM), and a signed refusal', async () => {
    const jarm = await configured(server, keyed)
    client.useJwtResponseMode(jarm)
    const { callback, checks } = await sent(server, jarm, byPar)
    expect([...callback.searchParams.keys()]).to.deep.equal(['response'])
    expect((await client.authorizationCodeGrant(jarm, callback, checks)).scope).to.equal('openid notes:read')
    const no = await sent(server, jarm, byPar, { prompt: 'consent' }, { allow: false })
    expect([...no.callback.searchParams.keys()]).to.deep.equal(['response'])
    expect(await refused(client.authorizationCodeGrant(jarm, no.callback, no.checks))).to.equal('access_denied')
  })

  for (const [how, build] of [
    ['pushed', byPar],
    ['signed', byJar],
  ] as const) {
    it(`lets a person switch the account within a ${how} request, which goes on as it was`, async () => {
      const email = `${how}@example.com`
      const { id } = await server.parts.accounts.add({ email, password })
      const { parameters, checks } = await requestParameters()
      const visitor = createVisitor(server.issuer)
      const signIn = await visitor.open(await build(config, parameters))
      const consent = await visitor.submit(signIn, '/sign-in', { email: who.email, password })
      const again = await visitor.submit(consent, '/switch', {})
      const callback = await passThrough(visitor, again, { email })
      const tokens = await client.authorizationCodeGrant(config, callback, { ...checks, idTokenExpected: true })
      expect(tokens.claims()?.sub).to.equal(id)
    })
  }

  it('hears an encrypted answer where it asks for one', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ECDH-ES', { extractable: true })
    const encrypting = { ...(await exportJWK(publicKey)), kid: 'enc', use: 'enc', alg: 'ECDH-ES' }
    const { jwk } = keyed.key
    const own = await addKeyed(server, 'secretive', { jwks: { keys: [jwk, encrypting] }, authorizationEncryption: {} })
    const secretive = await configured(server, { id: own.id, key: keyed.key })
    client.useJwtResponseMode(secretive)
    client.enableDecryptingResponses(secretive, ['A256GCM'], { key: privateKey as client.CryptoKey, kid: 'enc' })
    const { callback, checks } = await sent(server, secretive, byPar)
    expect(callback.searchParams.get('response')?.split('.')).to.have.length(5)
    expect((await client.authorizationCodeGrant(secretive, callback, checks)).scope).to.equal('openid notes:read')
  })

  it('takes a pushed request alone from a client that says so', async () => {
    const pushing = await addKeyed(server, 'pushing', { requirePushedRequests: true })
    const own = await configured(server, pushing)
    const { parameters } = await requestParameters()
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(client.buildAuthorizationUrl(own, parameters))
    expect(page.leftTo?.searchParams.get('error')).to.equal('invalid_request')
    expect((await sent(server, own, byPar)).callback.searchParams.get('code')).to.be.a('string')
  })

  it('takes a signed request alone from a client that says so', async () => {
    const signing = await addKeyed(server, 'signing', { requireSignedRequests: true })
    const own = await configured(server, signing)
    const { parameters } = await requestParameters()
    expect(await refused(client.buildAuthorizationUrlWithPAR(own, parameters))).to.equal('invalid_request')
    const request = await requestObject(server, signing, parameters)
    expect(await refused(client.buildAuthorizationUrlWithPAR(own, { request }))).to.equal('accepted')
  })

  describe('a request_uri', () => {
    const push = async () => {
      const { parameters } = await requestParameters()
      const { status, body } = await postAs(server, keyed, '/par', { ...parameters, response_type: 'code' })
      expect(status).to.equal(201)
      return `/auth?client_id=keyed&request_uri=${encodeURIComponent(body.request_uri as string)}`
    }
    const errorAt = async (target: string, visitor = createVisitor(server.issuer)) => {
      const page = await visitor.open(target)
      return page.leftTo?.searchParams.get('error') ?? /(invalid|request_uri)_\w+/.exec(page.html)?.[0]
    }

    it('can be loaded again before the person answers, and not afterwards', async () => {
      const target = await push()
      const visitor = createVisitor(server.issuer)
      await visitor.open(target)
      expect((await passThrough(visitor, await visitor.open(target))).searchParams.get('code')).to.be.a('string')
      expect(await errorAt(target, visitor)).to.equal('invalid_request_uri')
    })

    it('answers one of two sign-ins that it began, also when both outlast it', async () => {
      const target = await push()
      const [one, other] = [createVisitor(server.issuer), createVisitor(server.issuer)]
      const pages = [await one.open(target), await other.open(target)] as const
      travel(120)
      expect((await passThrough(one, pages[0])).searchParams.get('code')).to.be.a('string')
      const late = await passThrough(other, pages[1])
      expect(late.searchParams.get('error')).to.equal('invalid_request_uri')
      expect(late.searchParams.get('code')).to.equal(null)
    })

    it('answers nobody when the record of its use is lost', async () => {
      const target = await push()
      const visitor = createVisitor(server.issuer)
      const page = await visitor.open(target)
      const { volatile } = server.parts.store
      const { find } = volatile
      volatile.find = async (model, id) => (model === 'PushedAuthorizationRequest' ? undefined : find.call(volatile, model, id))
      try {
        expect((await passThrough(visitor, page)).searchParams.get('error')).to.equal('invalid_request_uri')
      } finally {
        volatile.find = find
      }
    })

    it('ends after its minute', async () => {
      const target = await push()
      travel(61)
      expect(await errorAt(target)).to.equal('invalid_request_uri')
    })

    it('is good for its client alone', async () => {
      await addKeyed(server, 'another')
      expect(await errorAt((await push()).replace('keyed', 'another'))).to.match(/^invalid_request/)
    })

    it('of somebody else’s server is not fetched', async () => {
      const target = `/auth?client_id=keyed&request_uri=${encodeURIComponent('https://attacker.example/request.jwt')}`
      expect(await errorAt(target)).to.equal('request_uri_not_supported')
    })
  })

  describe('a signed request is refused', () => {
    const pushed = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}, by: Keyed = keyed) => {
      const { parameters } = await requestParameters()
      const request = await requestObject(server, { ...by, id: 'keyed' }, { ...parameters, ...claims }, header)
      return (await postAs(server, keyed, '/par', { request })).body
    }

    it('never when it is in order', async () => expect(await pushed({})).to.have.property('request_uri'))

    for (const [what, claims, header] of [
      ['for another server', { aud: 'https://other.example' }],
      ['of another issuer', { iss: 'web' }],
      ['for another client', { client_id: 'web' }],
      ['that has expired', { exp: now() - 30 }],
      ['of the far future', { nbf: now() + 600 }],
      ['made in the far future', { iat: now() + 600 }],
      ['that could be a client assertion', { sub: 'keyed' }],
      ['that is another kind of JWT', {}, { typ: 'dpop+jwt' }],
      ['that holds a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
    ] as [string, Record<string, unknown>, Record<string, unknown>?][]) {
      it(what, async () =>
        expect((await pushed(claims, header)).error).to.be.oneOf(['invalid_request_object', 'invalid_request']),
      )
    }

    it('that has just expired, or ends at once, which the tolerance of clocks would let pass', async () => {
      for (const exp of [now() - 5, now()]) expect((await pushed({ exp })).error).to.equal('invalid_request_object')
      expect((await pushed({ exp: now() + 5 })).expires_in).to.be.within(1, 5)
    })

    it('signed by another client', async () => {
      const other = await addKeyed(server, 'stranger')
      expect((await pushed({}, {}, other)).error).to.equal('invalid_request_object')
    })

    it('without a signature, by HMAC, or encrypted', async () => {
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const { parameters } = await requestParameters()
      const claims = {
        ...parameters,
        iss: 'keyed',
        aud: server.issuer,
        client_id: 'keyed',
        response_type: 'code',
        exp: now() + 60,
      }
      for (const request of [
        `${encode({ alg: 'none' })}.${encode(claims)}.`,
        `${encode({ alg: 'HS256' })}.${encode(claims)}.AAAA`,
        `${encode({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })}.AAAA.AAAA.AAAA.AAAA`,
        'not.a.jwt',
      ])
        expect((await postAs(server, keyed, '/par', { request })).body.error, request).to.equal('invalid_request_object')
    })
  })

  it('X02 keeps no request that is too large', async () => {
    const state = 's'.repeat(13_000)
    const { parameters } = await requestParameters({ response_type: 'code', state: `${state}${state}` })
    const { status, body } = await postAs(server, keyed, '/par', parameters)
    expect([status, body.error]).to.deep.equal([413, 'invalid_request'])
    expect((await postAs(server, keyed, '/par', { ...parameters, state: 's'.repeat(7_500) })).status).to.equal(201)
  })

  it('X02 keeps what a request asks for its minute alone, and then a mark of its use', async () => {
    const { parameters } = await requestParameters({ response_type: 'code', state: 's'.repeat(7_500) })
    await postAs(server, keyed, '/par', parameters)
    const database = new DatabaseSync(path.join(server.settings.dataFolder, 'volatile.sqlite'), { readOnly: true })
    try {
      const lasting =
        "select count(*) as rows, max(length(payload)) as longest from artifacts where model like 'Pushed%' and expires_at"
      expect(database.prepare(`${lasting} <= unixepoch() + 61`).get()?.longest).to.be.greaterThan(7_500)
      const marks = database.prepare(`${lasting} > unixepoch() + 61`).get()
      expect(marks?.rows).to.be.greaterThan(0)
      expect(marks?.longest).to.be.lessThan(500)
    } finally {
      database.close()
    }
  })

  it('X02 are limited by network for public clients, which hinders no client that authenticates', async () => {
    const settings = { pushedRequests: { requestsPerNetwork: 3 }, trustedProxies: ['127.0.0.1', '::1'] }
    const strict = await startTestServer({ settings })
    try {
      await cast(strict)
      const known = await addKeyed(strict, 'keyed')
      const { parameters } = await requestParameters({ response_type: 'code' })
      const publicly = { ...parameters, redirect_uri: 'http://127.0.0.1/callback', client_id: 'native' }
      const push = (address: string) => post(strict, '/par', publicly, { 'x-forwarded-for': address })
      const statuses = await Promise.all(Array.from({ length: 5 }, () => push('192.0.2.1')))
      expect(statuses.map(({ status }) => status).sort()).to.deep.equal([201, 201, 201, 429, 429])
      const { headers, body } = await push('192.0.2.1')
      expect(body.error).to.equal('too_many_attempts')
      expect(Number(headers.get('retry-after'))).to.be.within(1, 900)
      expect((await push('192.0.2.2')).status).to.equal(201)
      for (let more = 0; more < 4; more += 1) {
        const { status } = await postAs(strict, known, '/par', parameters, { 'x-forwarded-for': '192.0.2.1' })
        expect(status).to.equal(201)
      }
    } finally {
      await strict.close()
    }
  })

  it('A15 refuses a pushed request with a parameter twice, without a client, or with a request_uri', async () => {
    const { parameters } = await requestParameters({ response_type: 'code' })
    expect((await post(server, '/par', { ...parameters })).body.error).to.equal('invalid_request')
    expect((await post(server, '/par', { ...parameters, client_id: 'keyed' })).body.error).to.equal('invalid_client')
    const uri = 'urn:ietf:params:oauth:request_uri:x'
    expect((await postAs(server, keyed, '/par', { ...parameters, request_uri: uri })).body.error).to.equal(
      'request_uri_not_supported',
    )
    const body = new URLSearchParams({ ...parameters, client_id: 'native' })
    body.append('redirect_uri', redirectUri)
    expect((await fetch(`${server.issuer}/par`, { method: 'POST', body })).status).to.equal(400)
  })
})
