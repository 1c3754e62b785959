/** API keys as programs show them to this server: asked about, revoked, exchanged, reported as leaked; and nowhere else taken. */
import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { digest, keyedSlot } from '../../src/crypto/derive.ts'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { skewSeconds } from '../../src/tokens/revocation.ts'
import { badKeys, claimsOf, machinesKey, personsKey } from '../support/api-keys.ts'
import { lettersOf } from '../support/inbox.ts'
import { keptLog } from '../support/log.ts'
import { post } from '../support/post.ts'
import { introspect, question, revoke } from '../support/questions.ts'
import { api, declared, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'
import {
  type Cast,
  type Credentials,
  cast,
  codeFor,
  type Parameters,
  password,
  refresh,
  token,
  tokensFor,
} from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'
import { until } from '../support/until.ts'

const keyType = 'urn:signet:params:oauth:token-type:api_key'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const insecure = { [oauth.allowInsecureRequests]: true }
const inactive = { active: false }

const [notes, mail] = declared.apis
const sending = { description: 'Send mail', roles: ['editor'] }
/** Declared in the settings, so that whoever they are is read from no store. */
const services = {
  notes: { id: 'notes-api', secret: 'a-secret-of-the-notes' },
  /** Knows access tokens alone, behind a gateway that takes keys for it. */
  gateway: { id: 'gateway', secret: 'a-secret-of-the-gateway' },
  mail: { id: 'mail-api', secret: 'a-secret-of-the-mail' },
}
const serviceOf = ({ id, secret }: Credentials, more: object) => ({
  ...{ id, name: id, kind: 'api', secretDigests: [digest(secret as string)] },
  ...more,
})

describe('an API key', () => {
  const { log, lines } = keptLog()
  let server: TestServer
  let who: Cast
  let robot: Credentials
  before(async () => {
    server = await startTestServer({
      log,
      settings: {
        apis: [
          { ...notes, apiKeys: true },
          { ...mail, scopes: { ...mail!.scopes, 'mail:send': sending } },
        ],
        clients: [
          serviceOf(services.notes, { serves: [api], exchanges: { [otherApi]: ['mail:read', 'mail:send'] } }),
          serviceOf(services.gateway, { serves: [api], exchanges: { [api]: ['notes:read', 'notes:delete'] } }),
          serviceOf(services.mail, { serves: [otherApi], exchanges: { [api]: ['notes:read'] } }),
        ],
      },
    })
    who = await cast(server, ['editor'])
    const { secret } = await server.parts.clients.add({
      ...{ id: 'robot', name: 'Robot', kind: 'machine' },
      apis: { [api]: ['notes:read', 'notes:write'] },
    })
    robot = { id: 'robot', secret }
  })
  after(async () => {
    returnToPresent()
    await server.close()
  })

  const persons = (changes = {}) => personsKey(server, who.email, changes)
  const machines = (changes = {}) => machinesKey(server, 'robot', changes)
  const ask = (client: Credentials, key: string) => introspect(server, client, key)
  const lives = async (key: string) => (await ask(services.notes, key)).active
  const exchange = (client: Credentials, key: string, changes: Parameters = {}) =>
    token(server, client, {
      grant_type: grantTypes.token_exchange,
      subject_token: key,
      subject_token_type: keyType,
      ...changes,
    })
  const exchanged = async (client: Credentials, key: string, changes: Parameters = {}) => {
    const { status, body } = await exchange(client, key, changes)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body.access_token!
  }
  const report = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.issuer}/api-keys/leaked`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
    return { status: response.status, headers: response.headers, body: (await response.json()) as never }
  }
  const found = async () => {
    const issuer = new URL(server.issuer)
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  }
  const rowOf = (key: string) => server.parts.store.keys.find(claimsOf(key).jti)

  describe('that is asked about (RFC 7662)', () => {
    it('is told to the API that it is for: whose it is, what it may do, and that it is a key', async () => {
      const key = await persons({ scopes: ['notes:delete', 'notes:read'] })
      expect(await ask(services.notes, key)).to.deep.equal({ active: true, token_type: 'api_key', ...claimsOf(key) })
      expect(claimsOf(key)).to.include({ sub: who.subject, client_id: 'signet:keys', aud: api, scope: 'notes:read notes:delete' })
    })
    it('is told to the machine whose it is as well, and of a machine nothing of a person', async () => {
      const key = await machines()
      for (const client of [services.notes, robot])
        expect(await ask(client, key), client.id).to.deep.equal({ active: true, token_type: 'api_key', ...claimsOf(key) })
    })
    it('says no more than its owner may do by now', async () => {
      const key = await persons({ scopes: ['notes:read', 'notes:delete'] })
      const account = (await server.parts.store.accounts.find(who.subject))!
      // As if the role had been taken by a process that fell before it ended the keys.
      await server.parts.store.accounts.change(account.id, { roles: [] })
      expect(await ask(services.notes, key)).to.include({ active: true, scope: 'notes:read' })
      await server.parts.store.accounts.change(account.id, { roles: account.roles })
    })
    it('T27 is inactive to everybody else, whatever they hint', async () => {
      const [key, other] = [await persons(), await machines()]
      const { text: nothing } = await question(server, 'introspection', services.mail, { token: 'x' })
      for (const client of [services.mail, who.machine, who.web, who.spa]) {
        for (const hint of [undefined, 'access_token', 'refresh_token', 'api_key']) {
          for (const one of [key, other]) {
            const { status, text } = await question(server, 'introspection', client, {
              token: one,
              ...(hint !== undefined && { token_type_hint: hint }),
            })
            expect([status, text], `${client.id} ${hint}`).to.deep.equal([200, nothing])
          }
        }
      }
      const { status } = await question(server, 'introspection', { ...services.notes, secret: 'wrong' }, { token: key })
      expect(status).to.equal(401)
      expect(await lives(key), 'the control').to.equal(true)
    })
    it('R10 is none without its wrapping, and neither is an access token within one', async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      for (const [what, bad] of Object.entries(await badKeys(server, await persons(), jwt)))
        expect(await ask(services.notes, bad), what).to.deep.equal(inactive)
      expect(await lives(jwt), 'the control').to.equal(true)
    })
    it('P03 P07 is dead when its end is over, when it was ended, and while its owner is disabled', async () => {
      const [brief, ended, disabled] = [await persons({ expiresAt: now() + 600 }), await persons(), await persons()]
      travel(599)
      expect([await lives(brief), await lives(ended)]).to.deep.equal([true, true])
      travel(2)
      expect(await lives(brief)).to.equal(false)
      returnToPresent()
      await server.parts.apiKeys.end('operator', claimsOf(ended).jti, 'operator', {})
      expect([await lives(ended), await lives(disabled)]).to.deep.equal([false, true])
      await server.parts.store.accounts.change(who.subject, { disabledAt: now() })
      expect(await lives(disabled)).to.equal(false)
      await server.parts.store.accounts.change(who.subject, { disabledAt: undefined })
    })
    it('is read by oauth4webapi, also where the answer is signed (RFC 9701)', async () => {
      const as = await found()
      const client = { client_id: 'notes-api' }
      const key = await persons()
      for (const requestJwtResponse of [false, true]) {
        const authentication = oauth.ClientSecretBasic(services.notes.secret)
        const response = await oauth.introspectionRequest(as, client, authentication, key, { ...insecure, requestJwtResponse })
        expect(await oauth.processIntrospectionResponse(as, client, response)).to.include({ active: true, sub: who.subject })
        if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as, response, insecure)
      }
    })
  })

  describe('at the revocation endpoint (RFC 7009)', () => {
    it('is ended by the machine whose it is, for good, with an entry in the audit log', async () => {
      const [key, other] = [await machines(), await machines()]
      await revoke(server, robot, key)
      expect([await lives(key), await lives(other), await rowOf(key)]).to.deep.equal([false, true, undefined])
      const [entry] = await server.parts.audit.list({ act: 'api_key.ended' }, 1)
      expect(entry).to.deep.include({ actor: 'client:robot', client: 'robot' })
      expect(entry!.detail).to.deep.include({ jti: claimsOf(key).jti, why: 'machine' })
    })
    it('is ended through oauth4webapi', async () => {
      const key = await machines()
      const authentication = oauth.ClientSecretBasic(robot.secret as string)
      const response = await oauth.revocationRequest(await found(), { client_id: 'robot' }, authentication, key, insecure)
      await oauth.processRevocationResponse(response)
      expect(await lives(key)).to.equal(false)
    })
    it('P06 T26 is nobody else’s to end: the answer is the same, and nothing happens', async () => {
      const [mine, persons_] = [await machines(), await persons()]
      for (const client of [services.notes, services.mail, who.machine, who.web, who.spa]) {
        for (const key of [mine, persons_]) {
          const { status, text } = await question(server, 'revocation', client, { token: key })
          expect([status, text], client.id).to.deep.equal([200, ''])
        }
      }
      const { status } = await question(server, 'revocation', robot, { token: persons_ })
      expect([status, await lives(mine), await lives(persons_)]).to.deep.equal([200, true, true])
      await revoke(server, robot, mine)
      expect(await lives(mine), 'the control').to.equal(false)
    })
  })

  describe('that is exchanged (RFC 8693)', () => {
    it('gives a service that it is for an access token of its owner, who acts by that service', async () => {
      const key = await persons({ scopes: ['notes:read', 'notes:write'] })
      const { status, body } = await exchange(services.gateway, key)
      expect(status).to.equal(200)
      expect(body).to.have.keys(['access_token', 'issued_token_type', 'token_type', 'expires_in', 'scope'])
      expect(body).to.include({ issued_token_type: accessTokenType, token_type: 'Bearer', scope: 'notes:read', expires_in: 600 })
      const claims = decodeJwt(body.access_token!)
      expect(claims).to.deep.include({
        ...{ sub: who.subject, client_id: 'gateway', aud: api, scope: 'notes:read' },
        ...{ act: { sub: 'gateway' }, grant: claimsOf(key).jti },
      })
      expect(claims).to.not.have.any.keys('auth_time', 'acr', 'amr', 'sid')
      expect(await ask(services.notes, body.access_token!)).to.include({ active: true, token_type: 'Bearer', sub: who.subject })
    })
    it('gives a token for another API where the settings let the service call that', async () => {
      const key = await persons()
      const mails = await exchanged(services.notes, key)
      expect(decodeJwt(mails)).to.deep.include({ aud: otherApi, scope: 'mail:read mail:send', act: { sub: 'notes-api' } })
      const back = await exchanged(services.mail, mails, { subject_token_type: accessTokenType })
      expect(decodeJwt(back), 'and on from there').to.deep.include({ sub: who.subject, grant: claimsOf(key).jti, aud: api })
      expect(await ask(services.notes, back)).to.include({ active: true })
    })
    it('lasts no longer than the key, and gives no refresh token', async () => {
      const { body } = await exchange(services.gateway, await persons({ expiresAt: now() + 100 }))
      expect(Number(body.expires_in)).to.be.within(1, 100)
      expect(body).to.not.have.property('refresh_token')
    })
    it('holds what the key holds, at most, and of that what its owner may do by now', async () => {
      const key = await persons({ scopes: ['notes:read', 'notes:delete'] })
      expect((await exchange(services.gateway, key)).body.scope).to.equal('notes:read notes:delete')
      const narrow = await persons()
      expect((await exchange(services.gateway, narrow, { scope: 'notes:delete' })).body.error).to.equal('invalid_scope')
      await server.parts.store.accounts.change(who.subject, { roles: [] })
      expect((await exchange(services.gateway, key)).body.scope).to.equal('notes:read')
      await server.parts.store.accounts.change(who.subject, { roles: ['editor'] })
    })
    it('P03 ends with the key: what was got for it is dead as soon as the key is', async () => {
      const [key, other] = [await persons(), await persons()]
      const tokens = [await exchanged(services.gateway, key), await exchanged(services.gateway, other)]
      await server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
      expect(await Promise.all(tokens.map(lives))).to.deep.equal([false, true])
      expect((await exchange(services.gateway, key)).body.error).to.equal('invalid_request')
    })
    it('P02 loses with a role what was got by it, and gives the rest anew', async () => {
      const key = await persons()
      const sends = await exchanged(services.notes, key)
      await server.parts.accounts.setRoles(who.email, [])
      expect([await lives(key), (await ask(services.mail, sends)).active]).to.deep.equal([true, false])
      travel(skewSeconds + 1)
      const reads = await exchanged(services.notes, key)
      expect(await ask(services.mail, reads)).to.include({ active: true, scope: 'mail:read' })
      await server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
      expect((await ask(services.mail, reads)).active, 'once the key is ended').to.equal(false)
      await server.parts.accounts.setRoles(who.email, ['editor'])
      returnToPresent()
    })
    it('P03 is dead with its key also where both happen at the same moment', async () => {
      let issued = 0
      for (let round = 0; round < 10; round++) {
        const key = await persons()
        const end = () => server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
        const asked = Array.from({ length: 6 }, () => exchange(services.gateway, key))
        await Promise.all([...(round % 2 ? [asked[0]!.then(end)] : [end()]), ...asked])
        for (const { body } of await Promise.all(asked)) {
          if (!body.access_token) continue
          issued += 1
          expect(await lives(body.access_token)).to.equal(false)
        }
      }
      expect(issued, 'that there was a race').to.be.greaterThan(0)
    })
    it('goes on when its owner’s other access ends: who keeps a key meant to', async () => {
      const key = await persons()
      const got = await exchanged(services.gateway, key)
      travel(1)
      await server.parts.accounts.setPassword(who.email, password)
      expect([await lives(key), await lives(got)]).to.deep.equal([true, true])
      returnToPresent()
    })
    it('is refused in the same words whatever is wrong', async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      const dead = await persons()
      await server.parts.apiKeys.end('operator', claimsOf(dead).jti, 'operator', {})
      const answers = new Set<string>()
      for (const [what, bad] of [
        ...Object.entries(await badKeys(server, await persons(), jwt)),
        ['of a machine', await machines()],
        ['dead', dead],
        ['an access token', jwt],
      ] as const) {
        const { status, body } = await exchange(services.gateway, bad)
        expect(status, what).to.equal(400)
        answers.add(JSON.stringify(body))
      }
      const { status, body } = await exchange(services.mail, await persons())
      answers.add(JSON.stringify(body))
      expect([status, answers.size]).to.deep.equal([400, 1])
      expect([...answers][0]).to.include('invalid_request')
      expect((await exchange(services.gateway, await persons())).status, 'the control').to.equal(200)
    })
    it('is exchanged through oauth4webapi', async () => {
      const as = await found()
      const client = { client_id: 'gateway' }
      const authentication = oauth.ClientSecretBasic(services.gateway.secret)
      const parameters = { subject_token: await persons(), subject_token_type: keyType }
      const grant = grantTypes.token_exchange
      const response = await oauth.genericTokenEndpointRequest(as, client, authentication, grant, parameters, insecure)
      const { access_token: got } = await oauth.processGenericTokenEndpointResponse(as, client, response)
      const request = new Request(api, { headers: { authorization: `Bearer ${got}` } })
      expect(await oauth.validateJwtAccessToken(as, request, api, insecure)).to.deep.include({
        sub: who.subject,
        act: { sub: 'gateway' },
      })
    })
    it('is no access token by another name', async () => {
      for (const subject_token_type of [accessTokenType, 'urn:ietf:params:oauth:token-type:jwt'])
        expect((await exchange(services.gateway, await persons(), { subject_token_type })).body.error).to.equal('invalid_request')
    })
    it('P01 is refused to a client that may not exchange, or is not itself', async () => {
      const key = await persons()
      for (const [client, status, error] of [
        [who.machine, 400, 'unauthorized_client'],
        [who.native, 400, 'unauthorized_client'],
        [{ id: 'gateway', secret: 'wrong' }, 401, 'invalid_client'],
        [{ id: 'gateway' }, 401, 'invalid_client'],
      ] as const) {
        const answer = await exchange(client, key)
        expect([answer.status, answer.body.error], client.id).to.deep.equal([status, error])
      }
    })
  })

  describe('that leaked', () => {
    it('is ended by whoever has it, without a sign-in, with what was got for it, and its owner is told', async () => {
      const [key, other] = [await persons(), await persons()]
      const got = await exchanged(services.gateway, key)
      const url = `https://paste.example.com/${key}?q=${key}#${key}`
      const { status, body, headers } = await report([{ token: key, type: 'signet_api_key', url, source: 'content' }])
      expect([status, headers.get('cache-control')]).to.deep.equal([200, 'no-store'])
      expect(body).to.deep.equal([
        { token_hash: hash('sha256', key), token_type: 'signet_api_key', label: 'true_positive', status: 'ended' },
      ])
      expect(await Promise.all([key, got, other].map(lives))).to.deep.equal([false, false, true])
      const [entry] = await server.parts.audit.list({ act: 'api_key.ended' }, 1)
      expect(entry).to.deep.include({ actor: 'stranger', account: who.subject })
      expect(entry!.from).to.match(/^(127\.0\.0\.1|0:0:0:0)$/)
      expect(entry!.detail).to.deep.include({ why: 'leaked', foundAt: 'https://paste.example.com/signet_…' })
      expect(JSON.stringify([entry, ...lines])).to.not.include(key.slice(-60))
      const { text } = await until('the letter', async () =>
        (await lettersOf(server)).find(({ kind, text }) => kind === 'api-key-ended' && text.includes('Somebody has found it')),
      )
      expect(text).to.not.include('paste.example.com').and.not.include(key.slice(-60))
    })
    it('is reported as JSON, as a form, and in a list; once ended it is unknown as any other text', async () => {
      const [first, second, third] = [await persons(), await machines(), await persons()]
      expect((await report({ key: first })).body).to.deep.equal({ status: 'ended' })
      const form = await post(
        server,
        '/api-keys/leaked',
        { key: second },
        { 'sec-fetch-site': 'cross-site', origin: 'https://scanner.example.com' },
      )
      expect([form.status, form.body]).to.deep.equal([200, { status: 'ended' }])
      for (const dead of [first, second, 'x', '', 'signet_'])
        expect((await report({ key: dead })).body).to.deep.equal({ status: 'unknown' })
      const { body } = await report([
        { token: third },
        { token: 'x', type: 7, url: '' },
        { token: third, url: 'javascript:x' },
        { token: first },
      ])
      expect((body as { status: string; label: string }[]).map(({ status, label }) => [status, label])).to.deep.equal([
        ['ended', 'true_positive'],
        ['unknown', 'false_positive'],
        ['ended', 'true_positive'],
        ['unknown', 'true_positive'],
      ])
    })
    it('is found by the metadata, where an API takes keys', async () => {
      const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as object
      expect(metadata).to.include({ api_key_leak_uri: `${server.issuer}/api-keys/leaked` })
      const without = await startTestServer({ settings: { apis: declared.apis } })
      const plain = (await (await fetch(`${without.issuer}/.well-known/openid-configuration`)).json()) as object
      const answer = await post(without, '/api-keys/leaked', { key: 'x' })
      await without.close()
      expect([Object.keys(plain).includes('api_key_leak_uri'), answer.status]).to.deep.equal([false, 404])
    })
    for (const [what, body, type, status] of [
      ['nothing', '', 'application/json', 400],
      ['no JSON', '{"key":', 'application/json', 400],
      ['a number', '{"key":7}', 'application/json', 400],
      ['null', 'null', 'application/json', 400],
      ['an empty list', '[]', 'application/json', 400],
      ['101 keys', JSON.stringify(Array(101).fill({ token: 'x' })), 'application/json', 400],
      ['a list of nothing', '[null]', 'application/json', 400],
      ['a key that is inherited', '{"__proto__":{"key":"x"}}', 'application/json', 400],
      ['two keys in a form', 'key=a&key=b', 'application/x-www-form-urlencoded', 400],
      ['text', 'signet_x', 'text/plain', 415],
      ['70 kB', `"${'x'.repeat(70_000)}"`, 'application/json', 413],
    ] as const) {
      it(`X01 X02 refuses ${what}`, async () => {
        const response = await fetch(`${server.issuer}/api-keys/leaked`, {
          method: 'POST',
          body,
          headers: { 'content-type': type },
        })
        expect(response.status).to.equal(status)
        expect(((await response.json()) as { error: string }).error).to.equal('invalid_request')
      })
    }
    it('ends once of fifty that report it at the same moment', async () => {
      const key = await persons()
      const answers = await Promise.all(Array.from({ length: 50 }, () => report({ key })))
      const statuses = answers.map(({ body }) => (body as { status: string }).status)
      expect(statuses.filter((status) => status === 'ended')).to.have.length(1)
      expect(statuses.filter((status) => status === 'unknown')).to.have.length(49)
    })
  })

  describe('L05 reports of one network', () => {
    let limited: TestServer
    before(async () => {
      const settings = { apis: [{ ...notes, apiKeys: true }], trustedProxies: ['127.0.0.1', '::1'] }
      limited = await startTestServer({ settings })
      await limited.parts.accounts.add({ email: 'ada@example.com', password })
    })
    after(() => limited.close())

    it('are limited as far as they hold a key of this issuer, and then end nothing; others go on', async () => {
      const [first, living] = [await personsKey(limited, 'ada@example.com'), await personsKey(limited, 'ada@example.com')]
      const send = (key: string, from: string) => post(limited, '/api-keys/leaked', { key }, { 'x-forwarded-for': from })
      const { secrets, store } = limited.parts
      const slot = keyedSlot(secrets.keysFor('attempts')[0], '192.0.2.1')
      await Promise.all(Array.from({ length: 599 }, () => store.counters.hit(`leaked-keys:${slot}`, 900)))
      expect((await send(first, '192.0.2.1')).body, 'the last').to.deep.equal({ status: 'ended' })
      const refused = await send(living, '192.0.2.1')
      expect([refused.status, refused.body.error]).to.deep.equal([429, 'too_many_attempts'])
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 900)
      expect((await send('x', '192.0.2.1')).status, 'what is no key').to.equal(200)
      expect((await send(living, '192.0.2.2')).body, 'from elsewhere').to.deep.equal({ status: 'ended' })
    })
  })

  describe('that is none costs no I/O', () => {
    let bad: string[]
    before(async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      bad = Object.values(await badKeys(server, await persons(), jwt))
      // What a request reads once is read by now.
      for (const one of [robot, ...Object.values(services)]) await ask(one, 'x')
    })
    const rounds = 8
    const flood = (send: (key: string) => Promise<unknown>) => async () => {
      for (let round = 0; round < rounds; round++) await Promise.all(bad.map(send))
    }
    const floods: [string, (key: string) => Promise<unknown>][] = [
      ['at the leak endpoint, as JSON', (key) => report({ key })],
      [
        'at the leak endpoint, in lists',
        () => report(bad.filter((one) => one.length < 6_000).map((key) => ({ token: key, url: 'https://x.example.com/' }))),
      ],
      ['at the leak endpoint, as forms', (key) => post(server, '/api-keys/leaked', { key })],
      ['at introspection', (key) => ask(services.notes, key)],
      ['at revocation', (key) => question(server, 'revocation', services.notes, { token: key })],
      ['at token exchange', (key) => exchange(services.gateway, key)],
    ]
    for (const [where, send] of floods) {
      it(`X07 ${where}: a flood of bad keys reads nothing and writes nothing`, async () => {
        expect(await statementsOf(flood(send))).to.deep.equal({ reads: [], writes: [] })
      })
    }
    it('as the counters show, which count what a good key takes', async () => {
      const key = await persons()
      for (const [where, send] of floods.filter(([one]) => !one.includes('lists'))) {
        const { reads } = await statementsOf(() => send(key))
        expect(reads.length, where).to.be.greaterThan(0)
      }
    })
    it('as a server would not that looks a key up before it verifies it', async () => {
      const { apiKeys, store } = server.parts
      const { read } = apiKeys
      apiKeys.read = async (text) => {
        const claims = claimsOrNone(text)
        return claims && (await store.keys.find(claims.jti)) ? read(text) : undefined
      }
      const { reads } = await statementsOf(flood((key) => report({ key })))
      apiKeys.read = read
      expect(reads.length).to.be.at.least(rounds * 6)
    })
  })

  describe('P04 P08 is taken nowhere else:', () => {
    let key: string
    let inner: string
    before(async () => {
      key = await persons()
      inner = key.slice('signet_'.length, -7)
    })
    const forms = ['application/x-www-form-urlencoded', 'application/json']
    for (const path of ['/account', '/account/keys', '/account/password', '/account/email', '/account/delete']) {
      it(`P01 not as a Bearer token at ${path}, which asks for a sign-in`, async () => {
        for (const bearer of [key, inner]) {
          const headers = { authorization: `Bearer ${bearer}` }
          const page = await fetch(server.issuer + path, { redirect: 'manual', headers })
          expect([303, 404]).to.include(page.status)
          expect(page.headers.get('location') ?? '/auth?').to.match(/\/auth\?/)
          for (const type of forms) {
            const body = type === forms[0] ? `userId=${who.subject}&name=x&scope=notes:read` : `{"userId":"${who.subject}"}`
            const posted = await fetch(server.issuer + path, {
              ...{ method: 'POST', redirect: 'manual' as const, body },
              headers: { ...headers, 'content-type': type },
            })
            expect(posted.status, `${path} ${type}`).to.be.within(300, 499)
          }
        }
      })
    }
    it('P01 P06 and no address makes, lists or ends keys for programs', async () => {
      const before = await server.parts.store.keys.of({ account: who.subject }, 1_000)
      for (const path of ['/api-keys', '/api-keys/', `/api-keys/${claimsOf(key).jti}`, '/keys'])
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
          const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
          const body = method === 'GET' ? undefined : JSON.stringify({ userId: who.subject, scopes: ['notes:read'] })
          expect((await fetch(server.issuer + path, { method, headers, body })).status, `${method} ${path}`).to.be.within(
            400,
            499,
          )
        }
      expect(await server.parts.store.keys.of({ account: who.subject }, 1_000)).to.deep.equal(before)
    })
    it('not as a cookie', async () => {
      const { visitor } = await codeFor(server, who.own)
      const names = [...visitor.cookies.keys()].map((one) => one.split(' ')[0] as string)
      for (const value of [key, inner]) {
        const cookie = names.map((name) => `${name}=${value}`).join('; ')
        const { status, headers } = await fetch(`${server.issuer}/account`, { redirect: 'manual', headers: { cookie } })
        expect(status).to.equal(303)
        expect(headers.get('location')).to.match(/\/auth\?/)
      }
      expect((await visitor.open('/account')).url.pathname, 'the control').to.equal('/account')
    })
    it('R10 not at userinfo, nor as the credential of whoever asks or revokes', async () => {
      const { access_token: jwt } = await tokensFor(server, who.web)
      const userinfo = async (bearer = '') =>
        (await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${bearer}` } })).status
      expect([await userinfo(key), await userinfo(inner), await userinfo(jwt)]).to.deep.equal([401, 401, 200])
      for (const bearer of [key, inner])
        for (const endpoint of ['introspection', 'revocation'] as const) {
          const headers = { authorization: `Bearer ${bearer}` }
          expect((await question(server, endpoint, undefined, { token: jwt! }, headers)).status, endpoint).to.equal(401)
        }
      expect(await lives(key)).to.equal(true)
    })
    it('not as a refresh token, a code, a device’s code, a secret or an assertion', async () => {
      const refused = async (client: Credentials, parameters: Parameters) => {
        const { status, body } = await token(server, client, parameters)
        expect(status, JSON.stringify(parameters)).to.be.within(400, 401)
        expect(body).to.not.have.property('access_token')
      }
      const machine = await machines()
      for (const one of [key, inner, machine, machine.slice('signet_'.length, -7)]) {
        await refused(who.web, { grant_type: 'refresh_token', refresh_token: one })
        await refused(who.spa, { grant_type: 'authorization_code', code: one, redirect_uri: 'https://spa.example.com/callback' })
        await refused(who.tv, { grant_type: grantTypes.device_code, device_code: one })
        await refused({ id: 'robot', secret: one }, { grant_type: 'client_credentials', scope: 'notes:read' })
        await refused(
          { id: 'robot' },
          {
            ...{ grant_type: 'client_credentials', scope: 'notes:read', client_assertion: one },
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          },
        )
      }
      const { refresh_token: good = '' } = await tokensFor(server, who.web)
      expect((await refresh(server, who.web, good)).status, 'the control').to.equal(200)
      expect((await token(server, robot, { grant_type: 'client_credentials', scope: 'notes:read' })).status).to.equal(200)
    })
    it('P05 and it lies nowhere in the store, nor in the log', async () => {
      for (const name of readdirSync(server.settings.dataFolder)) {
        const held = readFileSync(path.join(server.settings.dataFolder, name), 'latin1')
        for (const part of [key, inner, inner.slice(inner.lastIndexOf('.') + 1)])
          expect(held.includes(part), name).to.equal(false)
      }
      const jti = claimsOf(key).jti
      const kept = readdirSync(server.settings.dataFolder).map((name) =>
        readFileSync(path.join(server.settings.dataFolder, name), 'latin1'),
      )
      expect(
        kept.some((one) => one.includes(jti)),
        'the control: its id',
      ).to.equal(true)
      expect(JSON.stringify(lines)).to.not.include(inner.slice(inner.lastIndexOf('.') + 1))
    })
  })
})

function claimsOrNone(text: string): { jti: string } | undefined {
  try {
    return decodeJwt(text.slice('signet_'.length, -7)) as { jti: string }
  } catch {
    return undefined
  }
}
