/** The token and revocation endpoints under attack (rows T of the security cases), each beside a request that passes. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  basic,
  type Cast,
  cast,
  codeFor,
  passThrough,
  password,
  pkce,
  redeem,
  refresh,
  token,
  tokensFor,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('the token endpoint', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server, ['editor'])
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const userinfo = (accessToken: string) =>
    fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } })

  describe('codes', () => {
    it('T01 redeems a code once; the second time ends the grant and what was issued from it', async () => {
      const signed = await codeFor(server, who.native)
      const first = await redeem(server, who.native, signed)
      expect(first.status).to.equal(200)
      const second = await redeem(server, who.native, signed)
      expect(second.status).to.equal(400)
      expect(second.body.error).to.equal('invalid_grant')
      expect((await refresh(server, who.native, first.body.refresh_token!)).body.error).to.equal('invalid_grant')
      expect((await userinfo(first.body.access_token!)).status).to.equal(401)
    })

    const wrong: [string, string, (cast: Cast) => { client: Cast['web']; changes: Record<string, string | undefined> }][] = [
      ['T03', 'by another client', (c) => ({ client: c.spa, changes: {} })],
      [
        'T03',
        'with another redirect_uri',
        (c) => ({ client: c.web, changes: { redirect_uri: 'https://app.example.com/other' } }),
      ],
      ['T03', 'without the redirect_uri', (c) => ({ client: c.web, changes: { redirect_uri: undefined } })],
      ['T04', 'without the verifier', (c) => ({ client: c.web, changes: { code_verifier: undefined } })],
      ['T06', 'with a wrong verifier', (c) => ({ client: c.web, changes: { code_verifier: 'A'.repeat(43) } })],
      ['T06', 'with a short verifier', (c) => ({ client: c.web, changes: { code_verifier: 'short' } })],
      ['T06', 'with a long verifier', (c) => ({ client: c.web, changes: { code_verifier: 'A'.repeat(129) } })],
      ['T06', 'with a verifier outside ASCII', (c) => ({ client: c.web, changes: { code_verifier: 'é'.repeat(43) } })],
    ]
    for (const [id, what, attack] of wrong) {
      it(`${id} refuses a code ${what}, and the code is good still`, async () => {
        const signed = await codeFor(server, who.web)
        const { client, changes } = attack(who)
        const refused = await redeem(server, client, signed, changes)
        expect(refused.status).to.equal(400)
        expect(refused.body.error).to.be.oneOf(['invalid_grant', 'invalid_request'])
        expect((await redeem(server, who.web, signed)).status).to.equal(200)
      })
    }
    it('T03 refuses a code after its lifetime', async () => {
      const signed = await codeFor(server, who.web)
      travel(server.settings.lifetimes.authorizationCodeSeconds + 1)
      expect((await redeem(server, who.web, signed)).body.error).to.equal('invalid_grant')
    })
    it('T05 refuses a verifier where none was challenged', async () => {
      const visitor = createVisitor(server.issuer)
      const url = authorizationUrl(server.issuer, 'exempt', undefined)
      const answer = await passThrough(visitor, await visitor.open(url))
      const signed = {
        code: answer.searchParams.get('code')!,
        verifier: pkce().verifier,
        redirectUri: url.searchParams.get('redirect_uri')!,
        answer,
        visitor,
      }
      expect((await redeem(server, who.exempt, signed)).body.error).to.equal('invalid_grant')
      expect((await redeem(server, who.exempt, signed, { code_verifier: undefined })).status).to.equal(200)
    })
  })

  describe('refresh tokens', () => {
    it('T10 refuses a larger scope and another API, and grants a smaller scope', async () => {
      const { refresh_token: own } = await tokensFor(server, who.web, { scope: 'openid notes:read notes:write' })
      expect((await refresh(server, who.web, own!, { scope: 'openid notes:read notes:write notes:delete' })).body.error).to.equal(
        'invalid_scope',
      )
      expect((await refresh(server, who.web, own!, { resource: otherApi })).body.error).to.equal('invalid_target')
      expect((await refresh(server, who.web, own!, { scope: 'notes:read' })).body.scope).to.equal('notes:read')
    })
    it('narrows at the next refresh when a role is taken away', async () => {
      const { refresh_token: own } = await tokensFor(server, who.web, { scope: 'openid notes:read notes:delete' })
      expect((await refresh(server, who.web, own!)).body.scope).to.equal('openid notes:read notes:delete')
      await server.parts.accounts.setRoles(who.email, [])
      expect((await refresh(server, who.web, own!)).body.scope).to.equal('openid notes:read')
      await server.parts.accounts.setRoles(who.email, ['editor'])
    })
    it('refuses another client’s', async () => {
      const { refresh_token: own } = await tokensFor(server, who.native)
      expect((await refresh(server, who.spa, own!)).body.error).to.equal('invalid_grant')
      expect((await refresh(server, who.native, own!)).status).to.equal(200)
    })
    const endings: [string, (email: string, client: string) => Promise<unknown>][] = [
      ['the person is disabled', (email) => server.parts.accounts.disable(email)],
      ['the password is set anew', (email) => server.parts.accounts.setPassword(email, `${password}!`)],
      ['the client is removed', (_email, client) => server.parts.clients.remove(client)],
    ]
    for (const [what, end] of endings) {
      it(`T11 ends when ${what}`, async () => {
        const email = `${what.replaceAll(' ', '.')}@example.com`
        const client = await server.parts.clients.add({
          name: 'Short-lived',
          kind: 'native',
          redirectUris: ['http://127.0.0.1/callback'],
          apis: { [api]: ['notes:read'] },
        })
        const credentials = { id: client.registration.id }
        await server.parts.accounts.add({ email, password })
        const visitor = createVisitor(server.issuer)
        const { verifier, challenge } = pkce()
        const uri = 'http://127.0.0.1/callback'
        const page = await visitor.open(authorizationUrl(server.issuer, credentials.id, challenge, { redirect_uri: uri }))
        const answer = await passThrough(visitor, page, { email })
        const { body } = await redeem(server, credentials, {
          code: answer.searchParams.get('code')!,
          verifier,
          redirectUri: uri,
          answer,
          visitor,
        })
        const next = await refresh(server, credentials, body.refresh_token!)
        expect(next.status, 'before').to.equal(200)
        await end(email, credentials.id)
        const refused = await refresh(server, credentials, next.body.refresh_token!)
        expect(refused.status).to.be.oneOf([400, 401])
        expect(refused.body.error).to.be.oneOf(['invalid_grant', 'invalid_client'])
      })
    }
  })

  describe('client authentication', () => {
    const own = { grant_type: 'client_credentials', scope: 'notes:read' }
    const post = (body: Record<string, string>, headers: Record<string, string> = {}) =>
      fetch(`${server.issuer}/token`, { method: 'POST', body: new URLSearchParams(body), headers })

    it('lets the right secret pass', async () => {
      const { status, body } = await token(server, who.machine, own)
      expect(status).to.equal(200)
      expect(body.scope).to.equal('notes:read')
    })
    for (const [what, secret] of [
      ['a wrong one', () => 'sgs_wrong'],
      ['an empty one', () => ''],
      ['another client’s', () => who.web.secret!],
      ['a very long one', () => 'x'.repeat(5_000)],
    ] as const) {
      it(`T13 refuses ${what} as secret`, async () => {
        const { status, body } = await token(server, { ...who.machine, secret: secret() }, own)
        expect(status).to.be.oneOf([401, 400])
        expect(body.error).to.be.oneOf(['invalid_client', 'invalid_request'])
        expect(body.access_token).to.equal(undefined)
      })
    }
    it('T13 refuses the digest that is kept in place of the secret', async () => {
      const [machine] = (await server.parts.clients.list(100)).filter(({ id }) => id === 'machine')
      const { status } = await token(server, { ...who.machine, secret: machine!.secretDigests[0]!.digest }, own)
      expect(status).to.equal(401)
    })
    it('T13 refuses Basic and post at once; either alone passes', async () => {
      const both = await post(
        { ...own, client_id: 'machine', client_secret: who.machine.secret! },
        { authorization: basic(who.machine) },
      )
      expect(both.status).to.equal(400)
      const other = await post({ ...own, client_id: 'machine', client_secret: who.machine.secret! })
      expect(other.status).to.equal(200)
    })
    it('T14 refuses client credentials to a public client, and a confidential id without its secret', async () => {
      expect((await (await post({ ...own, client_id: 'spa' })).json()) as object).to.include({ error: 'unauthorized_client' })
      const bare = await post({ ...own, client_id: 'machine' })
      expect(bare.status).to.equal(401)
    })
    for (const [grantType, error] of [
      ['password', 'unsupported_grant_type'],
      ['implicit', 'unsupported_grant_type'],
      ['urn:ietf:params:oauth:grant-type:device_code', 'unsupported_grant_type'],
      ['urn:ietf:params:oauth:grant-type:token-exchange', 'unsupported_grant_type'],
      ['authorization_code', 'unauthorized_client'],
      ['__proto__', 'unsupported_grant_type'],
      ['', 'invalid_request'],
    ] as const) {
      it(`T15 refuses grant_type ${JSON.stringify(grantType)} to a machine`, async () => {
        const { status, body } = await token(server, who.machine, {
          grant_type: grantType,
          username: who.email,
          password,
          code: 'x',
          redirect_uri: 'x',
        })
        expect(status).to.equal(400)
        expect(body.error).to.be.oneOf([error, 'unauthorized_client'])
      })
    }
    it('gives a machine no more than its own list', async () => {
      expect((await token(server, who.machine, { ...own, scope: 'notes:read notes:write openid' })).body.scope).to.equal(
        'notes:read',
      )
      expect((await token(server, who.machine, { ...own, scope: 'notes:write' })).body.error).to.equal('invalid_scope')
      expect((await token(server, who.machine, { ...own, resource: otherApi })).body.error).to.equal('invalid_target')
    })

    it('T28 says the same of an unknown client and of a wrong secret', async () => {
      const wrong = await token(server, { ...who.machine, secret: 'wrong' }, own)
      const unknown = await token(server, { id: 'nobody', secret: 'wrong' }, own)
      expect(unknown.status).to.equal(wrong.status)
      expect(unknown.body).to.deep.equal(wrong.body)
    })

    for (const header of [
      'Basic',
      'Basic ',
      'Basic !!!!',
      'Basic bm9jb2xvbg==',
      `Basic ${btoa('%zz:%')}`,
      `Basic ${btoa('machine')}`,
      'basic',
      'Bearer x',
      'Digest x',
      `Basic ${btoa(':')}`,
      `Basic ${btoa('a:b:c')}`,
    ]) {
      it(`T29 refuses the header ${JSON.stringify(header)}`, async () => {
        const response = await post(own, { authorization: header })
        expect(response.status).to.equal(401)
        expect(response.headers.get('www-authenticate')).to.match(/^Basic /)
        expect(((await response.json()) as { error: string }).error).to.equal('invalid_client')
      })
    }
  })

  describe('requests of the wrong form', () => {
    const credentials = () => ({ grant_type: 'client_credentials', client_id: 'exempt', client_secret: who.exempt.secret! })

    it('T20 takes no credentials from the address, and no GET', async () => {
      const query = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'machine',
        client_secret: who.machine.secret!,
      })
      const url = `${server.issuer}/token?${query}`
      expect((await fetch(url)).status).to.be.within(400, 499)
      const posted = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: '',
      })
      expect(posted.status).to.be.within(400, 499)
    })
    for (const [what, type, body] of [
      ['JSON', 'application/json', (c: object) => JSON.stringify(c)],
      ['multipart', 'multipart/form-data; boundary=x', () => '--x--'],
      ['text', 'text/plain', (c: object) => String(new URLSearchParams(c as never))],
      [
        'an unknown charset',
        'application/x-www-form-urlencoded; charset=klingon',
        (c: object) => String(new URLSearchParams(c as never)),
      ],
      ['a broken type', ';;;', (c: object) => String(new URLSearchParams(c as never))],
      [
        'UTF-16',
        'application/x-www-form-urlencoded; charset=utf-16le',
        (c: object) => Buffer.from(String(new URLSearchParams(c as never)), 'utf16le'),
      ],
    ] as [string, string, (credentials: object) => string | Buffer][]) {
      it(`T21 answers ${what} with 4xx`, async () => {
        const response = await fetch(`${server.issuer}/token`, {
          method: 'POST',
          headers: { 'content-type': type },
          body: body(credentials()) as string,
        })
        expect(response.status).to.be.within(400, 499)
        expect(await response.json()).to.have.property('error')
      })
    }
    it('T22 forbids to cache every answer, good or bad', async () => {
      const good = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      expect(good.status).to.equal(200)
      for (const { headers } of [
        good,
        await token(server, who.machine, { grant_type: 'x' }),
        await token(server, { id: 'x', secret: 'x' }, {}),
      ]) {
        expect(headers.get('cache-control')).to.equal('no-store')
      }
    })
    for (const origin of ['https://evil.example.com', 'null', 'https://app.example.com']) {
      it(`T23 does not open itself to the origin ${origin}`, async () => {
        for (const client of [who.web, who.machine]) {
          const { headers } = await token(server, client, { grant_type: 'client_credentials' }, { origin })
          expect(headers.get('access-control-allow-origin')).to.equal(null)
        }
      })
    }
    it('T23 opens itself to a browser client at its own origin alone', async () => {
      const ask = async (origin: string) =>
        (await token(server, who.spa, { grant_type: 'refresh_token', refresh_token: 'x' }, { origin })).headers
      expect((await ask('https://spa.example.com')).get('access-control-allow-origin')).to.equal('https://spa.example.com')
      expect((await ask('https://app.example.com')).get('access-control-allow-origin')).to.equal(null)
      expect((await ask('null')).get('access-control-allow-origin')).to.equal(null)
    })
  })

  describe('revocation', () => {
    const revoke = (client: Cast['web'], value: string) =>
      fetch(`${server.issuer}/revocation`, {
        method: 'POST',
        headers: client.secret ? { authorization: basic(client) } : {},
        body: new URLSearchParams({ token: value, ...(!client.secret && { client_id: client.id }) }),
      })

    it('T26 answers 200 to another client, whose request changes nothing', async () => {
      const { refresh_token: own } = await tokensFor(server, who.web)
      expect((await revoke(who.own, own!)).status).to.equal(200)
      expect((await revoke(who.spa, own!)).status).to.equal(200)
      expect((await refresh(server, who.web, own!)).status).to.equal(200)
    })
    it('ends the client’s own refresh token', async () => {
      const { refresh_token: own } = await tokensFor(server, who.web)
      expect((await revoke(who.web, own!)).status).to.equal(200)
      expect((await refresh(server, who.web, own!)).body.error).to.equal('invalid_grant')
    })
  })
})
