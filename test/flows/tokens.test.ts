/** What is in a token, and who can read it: RFC 9068 for access tokens, OpenID Connect for ID tokens and userinfo. */
import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import {
  compactDecrypt,
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose'
import { createVisitor } from '../../src/try/visitor.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  password,
  pkce,
  redeem,
  refresh,
  signedFrom,
  token,
  tokensFor,
} from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const sealed = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const
const scopes = { 'all:read': { description: 'Read' } }

describe('tokens', () => {
  let server: TestServer
  let who: Cast
  const settings = {
    roles: { editor: 'May delete' },
    apis: [
      {
        identifier: api,
        name: 'Notes',
        includeRoles: true,
        scopes: { 'notes:read': { description: 'Read' }, 'notes:delete': { description: 'Delete', roles: ['editor'] } },
      },
      { identifier: otherApi, name: 'Mail', accessTokenLifetimeSeconds: 120, scopes: { 'mail:read': { description: 'Read' } } },
      ...algorithms.map((algorithm) => ({
        identifier: `https://${algorithm.toLowerCase()}.example.com`,
        name: algorithm,
        algorithm,
        scopes,
      })),
      {
        identifier: 'https://sealed.example.com',
        name: 'Sealed',
        scopes,
        encryption: { publicKey: { ...sealed.publicKey.export({ format: 'jwk' }), kid: 'for-the-api' } },
      },
    ],
  }
  before(async () => {
    server = await startTestServer({ settings })
    who = await cast(server, ['editor'])
  })
  after(() => server.close())

  const claimsOf = (jwt: string | undefined) => decodeJwt(jwt as string)
  const machineFor = async (identifier: string) => {
    const { registration, secret } = await server.parts.clients.add({
      name: 'M',
      kind: 'machine',
      apis: { [identifier]: ['all:read'] },
    })
    return { id: registration.id, secret }
  }

  it('carry what RFC 9068 s2.2 asks, and what a person’s sign-in adds', async () => {
    const { access_token: jwt } = await tokensFor(server, who.web, { scope: 'openid email notes:read notes:delete' })
    expect(decodeProtectedHeader(jwt!)).to.include({ typ: 'at+jwt', alg: 'ES256' })
    const claims = claimsOf(jwt)
    expect(claims).to.include({
      iss: server.issuer,
      sub: who.subject,
      aud: api,
      client_id: 'web',
      scope: 'openid email notes:read notes:delete',
    })
    expect(claims).to.have.keys([
      'iss',
      'sub',
      'aud',
      'client_id',
      'iat',
      'exp',
      'jti',
      'scope',
      'auth_time',
      'acr',
      'amr',
      'sid',
      'grant',
      'roles',
    ])
    expect(claims.exp! - claims.iat!).to.equal(600)
    expect(claims.amr).to.deep.equal(['pwd'])
    expect(claims.roles).to.deep.equal(['editor'])
    expect(claims.jti).to.match(/^[\w-]{20,}$/)
  })
  it('keep the facts of the sign-in through refreshes', async () => {
    const tokens = await tokensFor(server, who.native)
    const { body } = await refresh(server, who.native, tokens.refresh_token!)
    const [before, after] = [claimsOf(tokens.access_token), claimsOf(body.access_token)]
    for (const name of ['sub', 'auth_time', 'acr', 'sid', 'grant', 'scope', 'aud'])
      expect(after[name], name).to.deep.equal(before[name])
    expect(after.jti).to.not.equal(before.jti)
  })
  it('say when the password was given, however long the consent page stood open', async () => {
    const visitor = createVisitor(server.issuer)
    const { verifier, challenge } = pkce()
    const url = authorizationUrl(server.issuer, 'web', challenge, { scope: 'openid profile notes:read', prompt: 'consent' })
    const consent = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
    const signedInBy = now()
    travel(300)
    const { leftTo } = await visitor.submit(consent, '/consent', { decision: 'allow' })
    const signed = signedFrom(url, leftTo, verifier, visitor)
    const { body } = await redeem(server, who.web, signed)
    expect(claimsOf(body.access_token).auth_time).to.be.at.most(signedInBy)
    returnToPresent()
  })
  it('name the same session as the ID token', async () => {
    const tokens = await tokensFor(server, who.web)
    expect(claimsOf(tokens.id_token).sid).to.be.a('string').and.equal(claimsOf(tokens.access_token).sid)
  })
  it('carry roles for the API that asks, and not for another', async () => {
    expect(
      claimsOf((await tokensFor(server, who.web, { resource: otherApi, scope: 'openid mail:read' })).access_token),
    ).to.not.have.property('roles')
  })
  it('live as long as their API says', async () => {
    const claims = claimsOf((await tokensFor(server, who.web, { resource: otherApi, scope: 'openid mail:read' })).access_token)
    expect(claims.exp! - claims.iat!).to.equal(120)
  })
  it('of a machine have the client as subject and nothing of a person (R23)', async () => {
    const { body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    const claims = claimsOf(body.access_token)
    expect(claims).to.include({ sub: 'machine', client_id: 'machine', aud: api, scope: 'notes:read' })
    expect(claims).to.have.keys(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'scope'])
  })
  it('are JWTs also when nobody named an API, and when the client has none', async () => {
    await server.parts.clients.add({
      id: 'plain',
      name: 'Plain',
      kind: 'spa',
      redirectUris: ['https://app.example.com/callback'],
    })
    const { access_token: jwt } = await tokensFor(server, { id: 'plain' }, { scope: 'openid email' })
    expect(claimsOf(jwt)).to.include({ aud: `${server.issuer}/userinfo`, scope: 'openid email' })
  })
  it('name the API in its one spelling, however the request spelt it', async () => {
    expect(claimsOf((await tokensFor(server, who.web, { resource: `${api}/` })).access_token).aud).to.equal(api)
  })

  for (const algorithm of algorithms) {
    it(`are signed with ${algorithm} where an API asks for it, and a foreign library verifies them by the published keys`, async () => {
      const audience = `https://${algorithm.toLowerCase()}.example.com`
      const { body } = await token(server, await machineFor(audience), { grant_type: 'client_credentials', scope: 'all:read' })
      const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`))
      const { protectedHeader, payload } = await jwtVerify(body.access_token!, keys, {
        issuer: server.issuer,
        audience,
        typ: 'at+jwt',
        algorithms: [algorithm],
      })
      expect(protectedHeader.alg).to.equal(algorithm)
      expect(payload.scope).to.equal('all:read')
    })
  }
  it('are encrypted for the API that asks: only it can read them, and what it reads is signed', async () => {
    const { body } = await token(server, await machineFor('https://sealed.example.com'), {
      grant_type: 'client_credentials',
      scope: 'all:read',
    })
    expect(body.access_token!.split('.')).to.have.length(5)
    const { plaintext, protectedHeader } = await compactDecrypt(body.access_token!, sealed.privateKey)
    expect(protectedHeader).to.include({ cty: 'at+jwt', enc: 'A256GCM', kid: 'for-the-api' })
    const keys = createLocalJWKSet((await (await fetch(`${server.issuer}/jwks`)).json()) as JSONWebKeySet)
    const { payload } = await jwtVerify(plaintext, keys, { typ: 'at+jwt', audience: 'https://sealed.example.com' })
    expect(payload.scope).to.equal('all:read')
  })

  describe('the key set', () => {
    it('K01 holds public members alone, at both addresses', async () => {
      for (const path of ['/.well-known/jwks.json', '/jwks']) {
        const response = await fetch(server.issuer + path)
        expect(response.headers.get('cache-control')).to.match(/max-age=\d+/)
        const { keys } = (await response.json()) as JSONWebKeySet
        expect(keys.map(({ alg }) => alg)).to.include.members([...algorithms])
        for (const key of keys) {
          expect(key).to.include.keys('kid', 'alg', 'use', 'kty')
          for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'created_at']) expect(key).to.not.have.property(secret)
        }
        expect(new Set(keys.map(({ kid }) => kid)).size).to.equal(keys.length)
      }
    })
  })

  describe('userinfo', () => {
    const userinfo = async (accessToken: string) => {
      const response = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    it('answers an access token by the scopes that it carries', async () => {
      expect(
        (await userinfo((await tokensFor(server, who.web, { scope: 'openid profile email notes:read' })).access_token!)).body,
      ).to.deep.equal({
        sub: who.subject,
        name: 'ada',
        email: 'ada@example.com',
        email_verified: false,
      })
      expect(
        (await userinfo((await tokensFor(server, who.native, { scope: 'openid notes:read' })).access_token!)).body,
      ).to.deep.equal({ sub: who.subject })
    })
    it('refuses a token without openid, of a machine, altered, expired by a revoked grant, or no access token', async () => {
      const machine = (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body
        .access_token!
      const good = await tokensFor(server, who.web)
      expect((await userinfo(good.access_token!)).status, 'the control').to.equal(200)
      const [header, , signature] = good.access_token!.split('.') as [string, string, string]
      const forged = `${header}.${Buffer.from(JSON.stringify({ ...claimsOf(good.access_token), sub: 'x' })).toString('base64url')}.${signature}`
      for (const bad of [machine, forged, good.id_token!, good.refresh_token!, 'x'])
        expect((await userinfo(bad)).status).to.equal(401)
      const withoutOpenid = await tokensFor(server, who.exempt, { scope: 'notes:read', nonce: undefined })
      expect((await userinfo(withoutOpenid.access_token!)).status).to.equal(403)
    })
    it('refuses the token of a disabled person', async () => {
      await server.parts.accounts.add({ email: 'gone@example.com', password })
      const visitor = createVisitor(server.issuer)
      const { verifier, challenge } = pkce()
      const url = authorizationUrl(server.issuer, 'web', challenge)
      const consent = await visitor.submit(await visitor.open(url), '/sign-in', { email: 'gone@example.com', password })
      const { leftTo } = await visitor.submit(consent, '/consent', { decision: 'allow' })
      const answer = leftTo as URL
      const { body } = await redeem(server, who.web, {
        code: answer.searchParams.get('code')!,
        verifier,
        redirectUri: url.searchParams.get('redirect_uri')!,
        answer,
        visitor,
      })
      expect((await userinfo(body.access_token!)).status).to.equal(200)
      await server.parts.accounts.disable('gone@example.com')
      expect((await userinfo(body.access_token!)).status).to.equal(401)
    })
  })

  describe('first-party clients', () => {
    it('are not asked about', async () => {
      const visitor = createVisitor(server.issuer)
      const page = await visitor.open(authorizationUrl(server.issuer, 'own', pkce().challenge))
      const { leftTo } = await visitor.submit(page, '/sign-in', { email: who.email, password })
      expect(leftTo?.searchParams.has('code')).to.equal(true)
    })
    for (const [kind, uri] of [
      ['web', 'http://localhost:3000/callback'],
      ['native', 'http://127.0.0.1/callback'],
      ['native', 'com.example.app:/callback'],
    ] as const) {
      it(`are asked about all the same where the answer goes to ${uri}`, async () => {
        const { registration } = await server.parts.clients.add({ name: 'Local', kind, firstParty: true, redirectUris: [uri] })
        const visitor = createVisitor(server.issuer)
        const page = await visitor.open(authorizationUrl(server.issuer, registration.id, pkce().challenge, { redirect_uri: uri }))
        expect((await visitor.submit(page, '/sign-in', { email: who.email, password })).html).to.include('/consent"')
      })
    }
  })

  it('nothing that bears access lies in the store in clear', async () => {
    const signed = await codeFor(server, who.native, { scope: 'openid notes:read' })
    const { body } = await redeem(server, who.native, signed)
    const session = [...signed.visitor.cookies].find(([key]) => key.startsWith('signet_session '))![1].value
    const { readdirSync, readFileSync } = await import('node:fs')
    const data = `${server.folder}/data`
    const bytes = Buffer.concat(readdirSync(data).map((name) => readFileSync(`${data}/${name}`)))
    expect(bytes.includes('RefreshToken'), 'the control: rows are there').to.equal(true)
    for (const secret of [signed.code, body.refresh_token!, body.access_token!, session, password, who.web.secret!])
      expect(bytes.includes(secret)).to.equal(false)
  })
})
