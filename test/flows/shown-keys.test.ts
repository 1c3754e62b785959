import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { Refusal } from '../../src/base/errors.ts'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { skewSeconds } from '../../src/tokens/revocation.ts'
import { badKeys, claimsOf } from '../support/api-keys.ts'
import { type KeyServices, keyType, services, startKeyServices } from '../support/key-services.ts'
import { keptLog } from '../support/log.ts'
import { question, revoke } from '../support/questions.ts'
import { api, otherApi, type TestServer } from '../support/server.ts'
import { type Cast, type Credentials, codeFor, type Parameters, password, refresh, token, tokensFor } from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const insecure = { [oauth.allowInsecureRequests]: true }
const inactive = { active: false }

describe('an API key', () => {
  const { log, lines } = keptLog()
  let on: KeyServices
  let server: TestServer
  let who: Cast
  let robot: Credentials
  before(async () => {
    on = await startKeyServices({ log })
    ;({ server, who, robot } = on)
  })
  after(async () => {
    returnToPresent()
    await server?.close()
  })
  const found = async () => {
    const issuer = new URL(server.issuer)
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  }
  const rowOf = (key: string) => server.parts.store.keys.find(claimsOf(key).jti)

  describe('that is asked about (RFC 7662)', () => {
    it('is told to the API that it is for: whose it is, what it may do, and that it is a key', async () => {
      const key = await on.persons({ scopes: ['notes:delete', 'notes:read'] })
      expect(await on.ask(services.notes, key)).to.deep.equal({ active: true, token_type: 'api_key', ...claimsOf(key) })
      expect(claimsOf(key)).to.include({ sub: who.subject, client_id: 'signet:keys', aud: api, scope: 'notes:read notes:delete' })
    })
    it('is told to the machine whose it is as well, and of a machine nothing of a person', async () => {
      const key = await on.machines()
      for (const client of [services.notes, robot])
        expect(await on.ask(client, key), client.id).to.deep.equal({ active: true, token_type: 'api_key', ...claimsOf(key) })
    })
    it('says no more than its owner may do by now', async () => {
      const [key, emptied] = [
        await on.persons({ scopes: ['notes:read', 'notes:delete'] }),
        await on.persons({ scopes: ['notes:delete'] }),
      ]
      expect(await on.lives(emptied), 'the control').to.equal(true)
      const account = (await server.parts.store.accounts.find(who.subject))!
      // As if the role had been taken by a process that fell before it ended the keys.
      await server.parts.store.accounts.change(account.id, { roles: [] })
      expect(await on.ask(services.notes, key)).to.include({ active: true, scope: 'notes:read' })
      expect(await on.ask(services.notes, emptied), 'with nothing left').to.deep.equal(inactive)
      await server.parts.store.accounts.change(account.id, { roles: account.roles })
    })
    it('T27 is inactive to everybody else, whatever they hint', async () => {
      const [key, other] = [await on.persons(), await on.machines()]
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
      expect(await on.lives(key), 'the control').to.equal(true)
    })
    it('R10 is none without its wrapping, and neither is an access token within one', async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      for (const [what, bad] of Object.entries(await badKeys(server, await on.persons(), jwt)))
        expect(await on.ask(services.notes, bad), what).to.deep.equal(inactive)
      expect(await on.lives(jwt), 'the control').to.equal(true)
    })
    it('P03 P07 is dead when its end is over, when it was ended, and while its owner is disabled', async () => {
      const [brief, ended, disabled] = [await on.persons({ expiresAt: now() + 600 }), await on.persons(), await on.persons()]
      travel(599)
      expect([await on.lives(brief), await on.lives(ended)]).to.deep.equal([true, true])
      travel(2)
      expect(await on.lives(brief)).to.equal(false)
      returnToPresent()
      await server.parts.apiKeys.end('operator', claimsOf(ended).jti, 'operator', {})
      expect([await on.lives(ended), await on.lives(disabled)]).to.deep.equal([false, true])
      await server.parts.store.accounts.change(who.subject, { disabledAt: now() })
      expect(await on.lives(disabled)).to.equal(false)
      await server.parts.store.accounts.change(who.subject, { disabledAt: undefined })
    })
    it('is read by oauth4webapi, also where the answer is signed (RFC 9701)', async () => {
      const as = await found()
      const client = { client_id: 'notes-api' }
      const key = await on.persons()
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
      const [key, other] = [await on.machines(), await on.machines()]
      await revoke(server, robot, key)
      expect([await on.lives(key), await on.lives(other), await rowOf(key)]).to.deep.equal([false, true, undefined])
      const [entry] = await server.parts.audit.list({ act: 'api_key.ended' }, 1)
      expect(entry).to.deep.include({ actor: 'client:robot', client: 'robot' })
      expect(entry!.detail).to.deep.include({ jti: claimsOf(key).jti, why: 'machine' })
    })
    it('is ended through oauth4webapi', async () => {
      const key = await on.machines()
      const authentication = oauth.ClientSecretBasic(robot.secret as string)
      const response = await oauth.revocationRequest(await found(), { client_id: 'robot' }, authentication, key, insecure)
      await oauth.processRevocationResponse(response)
      expect(await on.lives(key)).to.equal(false)
    })
    it('P06 T26 is nobody else’s to end: the answer is the same, and nothing happens', async () => {
      const [mine, persons_] = [await on.machines(), await on.persons()]
      for (const client of [services.notes, services.mail, who.machine, who.web, who.spa]) {
        for (const key of [mine, persons_]) {
          const { status, text } = await question(server, 'revocation', client, { token: key })
          expect([status, text], client.id).to.deep.equal([200, ''])
        }
      }
      const { status } = await question(server, 'revocation', robot, { token: persons_ })
      expect([status, await on.lives(mine), await on.lives(persons_)]).to.deep.equal([200, true, true])
      await revoke(server, robot, mine)
      expect(await on.lives(mine), 'the control').to.equal(false)
    })
  })

  describe('that is exchanged (RFC 8693)', () => {
    it('gives a service that it is for an access token of its owner, who acts by that service', async () => {
      const key = await on.persons({ scopes: ['notes:read', 'notes:write'] })
      const { status, body } = await on.exchange(services.gateway, key)
      expect(status).to.equal(200)
      expect(body).to.have.keys(['access_token', 'issued_token_type', 'token_type', 'expires_in', 'scope'])
      expect(body).to.include({ issued_token_type: accessTokenType, token_type: 'Bearer', scope: 'notes:read', expires_in: 600 })
      const claims = decodeJwt(body.access_token!)
      expect(claims).to.deep.include({
        ...{ sub: who.subject, client_id: 'gateway', aud: api, scope: 'notes:read' },
        ...{ act: { sub: 'gateway' }, grant: claimsOf(key).jti },
      })
      expect(claims).to.not.have.any.keys('auth_time', 'acr', 'amr', 'sid')
      expect(await on.ask(services.notes, body.access_token!)).to.include({
        active: true,
        token_type: 'Bearer',
        sub: who.subject,
      })
    })
    it('gives a token for another API where the settings let the service call that', async () => {
      const key = await on.persons()
      const mails = await on.exchanged(services.notes, key)
      expect(decodeJwt(mails)).to.deep.include({ aud: otherApi, scope: 'mail:read mail:send', act: { sub: 'notes-api' } })
      const back = await on.exchanged(services.mail, mails, { subject_token_type: accessTokenType })
      // The key may no more at its own API, though the second service may there: nothing is won by going round.
      expect(decodeJwt(back), 'and on from there').to.deep.include({
        ...{ sub: who.subject, grant: claimsOf(key).jti, aud: api, scope: 'notes:read' },
      })
      const more = await on.exchanged(services.notes, await on.persons({ scopes: ['notes:read', 'notes:write'] }))
      const control = await on.exchanged(services.mail, more, { subject_token_type: accessTokenType })
      expect(decodeJwt(control)).to.include({ scope: 'notes:read notes:write' })
      expect(await on.ask(services.notes, back)).to.include({ active: true })
    })
    it('lasts no longer than the key, and gives no refresh token', async () => {
      const { body } = await on.exchange(services.gateway, await on.persons({ expiresAt: now() + 100 }))
      expect(Number(body.expires_in)).to.be.within(1, 100)
      expect(body).to.not.have.property('refresh_token')
    })
    it('holds what the key holds, at most, and of that what its owner may do by now', async () => {
      const key = await on.persons({ scopes: ['notes:read', 'notes:delete'] })
      expect((await on.exchange(services.gateway, key)).body.scope).to.equal('notes:read notes:delete')
      const narrow = await on.persons()
      expect((await on.exchange(services.gateway, narrow, { scope: 'notes:delete' })).body.error).to.equal('invalid_scope')
      await server.parts.store.accounts.change(who.subject, { roles: [] })
      expect((await on.exchange(services.gateway, key)).body.scope).to.equal('notes:read')
      await server.parts.store.accounts.change(who.subject, { roles: ['editor'] })
    })
    it('P03 ends with the key: what was got for it is dead as soon as the key is', async () => {
      const [key, other] = [await on.persons(), await on.persons()]
      const tokens = [await on.exchanged(services.gateway, key), await on.exchanged(services.gateway, other)]
      await server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
      expect(await Promise.all(tokens.map(on.lives))).to.deep.equal([false, true])
      expect((await on.exchange(services.gateway, key)).body.error).to.equal('invalid_request')
    })
    it('P02 loses with a role what was got by it, and gives the rest anew', async () => {
      const key = await on.persons()
      const sends = await on.exchanged(services.notes, key)
      await server.parts.accounts.setRoles(who.email, [])
      expect([await on.lives(key), (await on.ask(services.mail, sends)).active]).to.deep.equal([true, false])
      travel(skewSeconds + 1)
      const reads = await on.exchanged(services.notes, key)
      expect(await on.ask(services.mail, reads)).to.include({ active: true, scope: 'mail:read' })
      await server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
      expect((await on.ask(services.mail, reads)).active, 'once the key is ended').to.equal(false)
      await server.parts.accounts.setRoles(who.email, ['editor'])
      returnToPresent()
    })
    it('P03 is dead with its key also where both happen at the same moment', async () => {
      let issued = 0
      for (let round = 0; round < 10; round++) {
        const key = await on.persons()
        const end = () => server.parts.apiKeys.end('operator', claimsOf(key).jti, 'operator', {})
        const asked = Array.from({ length: 6 }, () => on.exchange(services.gateway, key))
        await Promise.all([...(round % 2 ? [asked[0]!.then(end)] : [end()]), ...asked])
        for (const { body } of await Promise.all(asked)) {
          if (!body.access_token) continue
          issued += 1
          expect(await on.lives(body.access_token)).to.equal(false)
        }
      }
      expect(issued, 'that there was a race').to.be.greaterThan(0)
    })
    it('goes on when its owner’s other access ends: who keeps a key meant to', async () => {
      const key = await on.persons()
      const got = await on.exchanged(services.gateway, key)
      travel(1)
      await server.parts.accounts.setPassword(who.email, password)
      expect([await on.lives(key), await on.lives(got)]).to.deep.equal([true, true])
      returnToPresent()
    })
    it('is refused in the same words whatever is wrong', async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      const dead = await on.persons()
      await server.parts.apiKeys.end('operator', claimsOf(dead).jti, 'operator', {})
      const answers = new Set<string>()
      for (const [what, bad] of [
        ...Object.entries(await badKeys(server, await on.persons(), jwt)),
        ['of a machine', await on.machines()],
        ['dead', dead],
        ['an access token', jwt],
      ] as const) {
        const { status, body } = await on.exchange(services.gateway, bad)
        expect(status, what).to.equal(400)
        answers.add(JSON.stringify(body))
      }
      const { status, body } = await on.exchange(services.mail, await on.persons())
      answers.add(JSON.stringify(body))
      expect([status, answers.size]).to.deep.equal([400, 1])
      expect([...answers][0]).to.include('invalid_request')
      expect((await on.exchange(services.gateway, await on.persons())).status, 'the control').to.equal(200)
    })
    it('X08 is answered 503 while the store cannot say, wherever it is asked, and is good afterwards', async () => {
      const key = await on.persons()
      const [got, mails] = [await on.exchanged(services.gateway, key), await on.exchanged(services.notes, key)]
      const onwards = () => on.exchange(services.mail, mails, { subject_token_type: accessTokenType })
      const { keys } = server.parts.store
      const { find } = keys
      keys.find = async () => {
        throw new Refusal('store_unavailable', 'The store cannot answer.', { status: 503, retryAfterSeconds: 2 })
      }
      const asked = (token: string) => question(server, 'introspection', services.notes, { token })
      const answers = [await on.exchange(services.gateway, key), await onwards(), await asked(key), await asked(got)]
      keys.find = find
      for (const { status, headers } of answers) expect([status, headers.get('retry-after')]).to.deep.equal([503, '2'])
      expect([await on.lives(key), await on.lives(got), (await onwards()).status], 'the control').to.deep.equal([true, true, 200])
    })
    it('is exchanged through oauth4webapi', async () => {
      const as = await found()
      const client = { client_id: 'gateway' }
      const authentication = oauth.ClientSecretBasic(services.gateway.secret)
      const parameters = { subject_token: await on.persons(), subject_token_type: keyType }
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
        expect((await on.exchange(services.gateway, await on.persons(), { subject_token_type })).body.error).to.equal(
          'invalid_request',
        )
    })
    it('P01 is refused to a client that may not exchange, or is not itself', async () => {
      const key = await on.persons()
      for (const [client, status, error] of [
        [who.machine, 400, 'unauthorized_client'],
        [who.native, 400, 'unauthorized_client'],
        [{ id: 'gateway', secret: 'wrong' }, 401, 'invalid_client'],
        [{ id: 'gateway' }, 401, 'invalid_client'],
      ] as const) {
        const answer = await on.exchange(client, key)
        expect([answer.status, answer.body.error], client.id).to.deep.equal([status, error])
      }
    })
  })

  describe('P04 P08 is taken nowhere else:', () => {
    let key: string
    let inner: string
    before(async () => {
      key = await on.persons()
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
      expect(await on.lives(key)).to.equal(true)
    })
    it('not as a refresh token, a code, a device’s code, a secret or an assertion', async () => {
      const refused = async (client: Credentials, parameters: Parameters) => {
        const { status, body } = await token(server, client, parameters)
        expect(status, JSON.stringify(parameters)).to.be.within(400, 401)
        expect(body).to.not.have.property('access_token')
      }
      const machine = await on.machines()
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
