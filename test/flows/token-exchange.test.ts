/** A service calls another in the name of whoever called it (RFC 8693). */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { skewSeconds } from '../../src/tokens/revocation.ts'
import { addKeyed, configured, type Keyed, sent } from '../support/keyed.ts'
import { keptLog } from '../support/log.ts'
import { type Apis, apiClients, introspect, revoke } from '../support/questions.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, type Credentials, cast, codeFor, type Parameters, redeem, token, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const grantType = grantTypes.token_exchange
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const insecure = { [oauth.allowInsecureRequests]: true }

describe('token exchange', () => {
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

  const exchange = (client: Credentials, subject: string | undefined, changes: Parameters = {}) =>
    token(server, client, {
      grant_type: grantType,
      subject_token: subject,
      subject_token_type: accessTokenType,
      ...changes,
    })
  /** What a person's app sends to the notes. */
  const called = async (changes: Parameters = {}) => (await tokensFor(server, who.web, changes)).access_token!
  const exchanged = async (client: Credentials, subject: string, changes: Parameters = {}) => {
    const { status, body } = await exchange(client, subject, changes)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body.access_token!
  }

  it('gives a service a token for the API that it calls, in the person’s name, and says who acts', async () => {
    const subject = await called()
    const { status, body, headers } = await exchange(apis.notes, subject, { audience: otherApi, scope: 'mail:read' })
    expect(status).to.equal(200)
    expect(headers.get('cache-control')).to.equal('no-store')
    expect(body).to.have.keys(['access_token', 'issued_token_type', 'token_type', 'expires_in', 'scope'])
    expect(body).to.include({ issued_token_type: accessTokenType, token_type: 'Bearer', scope: 'mail:read', expires_in: 120 })
    const [was, is] = [decodeJwt(subject), decodeJwt(body.access_token!)]
    expect(is).to.deep.include({
      sub: who.subject,
      client_id: 'notes-api',
      aud: otherApi,
      scope: 'mail:read',
      act: { sub: 'notes-api' },
    })
    for (const name of ['sub', 'auth_time', 'acr', 'amr', 'sid', 'grant', 'iss']) expect(is[name], name).to.deep.equal(was[name])
    expect(is.jti).to.not.equal(was.jti)
  })
  it('takes the API from `resource`, from both, or from the settings where there is one', async () => {
    const subject = await called()
    for (const changes of [
      {},
      { resource: otherApi },
      { resource: `${otherApi}/`, audience: otherApi },
      { audience: [otherApi, otherApi] },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', requested_token_type: accessTokenType },
    ])
      expect(decodeJwt(await exchanged(apis.notes, subject, changes)).aud).to.equal(otherApi)
  })
  it('is nested when it goes on, for five services at most', async () => {
    let subject = await called()
    let act: Record<string, unknown> | undefined
    for (const [index, client] of [apis.notes, apis.mail, apis.notes, apis.mail, apis.notes].entries()) {
      subject = await exchanged(client, subject)
      act = { sub: client.id, ...(act && { act }) }
      expect(decodeJwt(subject), String(index)).to.deep.include({ act, client_id: client.id, sub: who.subject })
    }
    expect(await introspect(server, apis.mail, subject)).to.deep.include({ active: true, act })
    const { status, body } = await exchange(apis.mail, subject)
    expect([status, body.error]).to.deep.equal([400, 'invalid_request'])
  })
  it('lasts no longer than the token that was given for it', async () => {
    const subject = await called()
    travel(550)
    const { body } = await exchange(apis.notes, subject)
    expect(Number(body.expires_in)).to.be.within(1, 50)
    expect(decodeJwt(body.access_token!).exp).to.equal(decodeJwt(subject).exp)
    returnToPresent()
  })
  it('narrows to what was asked, the settings, and the person’s roles', async () => {
    let mails = await exchanged(apis.notes, await called())
    const scopes = async (scope?: string) => (await exchange(apis.mail, mails, { scope })).body.scope
    expect(await scopes(), 'all that the settings let it have').to.equal('notes:read notes:delete')
    expect(await scopes('notes:delete notes:write openid')).to.equal('notes:delete')
    await server.parts.accounts.setRoles(who.email, [])
    expect((await exchange(apis.mail, mails)).body.error, 'a token from before').to.equal('invalid_request')
    travel(skewSeconds + 1)
    mails = await exchanged(apis.notes, await called())
    expect(await scopes(), 'without the role').to.equal('notes:read')
    for (const scope of ['notes:delete', 'notes:write', 'openid', 'mail:read', 'x']) {
      const { status, body } = await exchange(apis.mail, mails, { scope })
      expect([status, body.error], scope).to.deep.equal([400, 'invalid_scope'])
    }
    await server.parts.accounts.setRoles(who.email, ['editor'])
    returnToPresent()
  })
  it('gains nothing at the API that the token is for already', async () => {
    const { secret } = await server.parts.clients.add({
      id: 'self-api',
      name: 'Self',
      kind: 'api',
      serves: [api],
      exchanges: { [api]: ['notes:read', 'notes:write'] },
    })
    const self = { id: 'self-api', secret }
    const subject = await called({ scope: 'openid notes:read' })
    expect(decodeJwt(await exchanged(self, subject)).scope).to.equal('notes:read')
    expect((await exchange(self, subject, { scope: 'notes:write' })).body.error).to.equal('invalid_scope')
  })
  it('keeps the subject of the token to the letter, where the client knows people by pairwise ones', async () => {
    const { secret } = await server.parts.clients.add({
      id: 'pairwise',
      name: 'Pairwise',
      kind: 'web',
      redirectUris: ['https://app.example.com/callback'],
      apis: { [api]: ['notes:read'] },
      subjectType: 'pairwise',
    })
    const { access_token: subject } = await tokensFor(server, { id: 'pairwise', secret })
    expect(decodeJwt(subject!).sub).to.not.equal(who.subject)
    expect(await introspect(server, apis.notes, subject!)).to.include({ active: true, sub: decodeJwt(subject!).sub })
    expect(decodeJwt(await exchanged(apis.notes, subject!)).sub).to.equal(decodeJwt(subject!).sub)
  })

  it('ends with the grant of the person, and one by one by whoever has it', async () => {
    const isActive = async (one: string) => (await introspect(server, apis.mail, one)).active
    const subject = await called()
    const [first, second] = [await exchanged(apis.notes, subject), await exchanged(apis.notes, subject)]
    await revoke(server, apis.notes, first)
    expect([await isActive(first), await isActive(second)]).to.deep.equal([false, true])
    expect((await exchange(apis.mail, first)).body.error, 'a revoked one buys nothing').to.equal('invalid_request')
    expect((await introspect(server, apis.notes, subject)).active, 'the person’s own').to.equal(true)
    await revoke(server, who.web, subject)
    expect(await isActive(second)).to.equal(false)
    expect((await exchange(apis.mail, second)).body.error).to.equal('invalid_request')
  })
  it('ends when a client that stands in the chain is removed', async () => {
    const { secret } = await server.parts.clients.add({
      id: 'brief-api',
      name: 'Brief',
      kind: 'api',
      serves: [api],
      exchanges: { [otherApi]: ['mail:read'] },
    })
    const one = await exchanged(apis.mail, await exchanged({ id: 'brief-api', secret }, await called()))
    expect(await introspect(server, apis.notes, one)).to.include({ active: true, client_id: 'mail-api' })
    await server.parts.clients.remove('brief-api')
    expect(await introspect(server, apis.notes, one)).to.deep.equal({ active: false })
  })

  describe('is refused', () => {
    it('for every token but a living one of a person for the very API that asks, in the same words', async () => {
      const tokens = await tokensFor(server, who.web)
      const mail = await tokensFor(server, who.web, { resource: otherApi, scope: 'openid mail:read' })
      const machine = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      const dead = await called()
      await revoke(server, who.web, dead)
      const answers = new Set<string>()
      for (const [what, one] of [
        ['of another API', mail.access_token],
        ['of a machine', machine.body.access_token],
        ['a refresh token', tokens.refresh_token],
        ['an ID token', tokens.id_token],
        ['altered', `${tokens.access_token!.slice(0, -8)}AAAAAAAA`],
        ['revoked', dead],
        ['its own, from an exchange', await exchanged(apis.notes, await called())],
        ['garbage', 'x'],
      ] as const) {
        const { status, body } = await exchange(apis.notes, one)
        expect(status, what).to.equal(400)
        answers.add(JSON.stringify(body))
      }
      expect(answers).to.have.length(1)
      expect(JSON.parse([...answers][0]!).error).to.equal('invalid_request')
    })
    it('for an expired token', async () => {
      const subject = await called()
      travel(601)
      expect((await exchange(apis.notes, subject)).body.error).to.equal('invalid_request')
      returnToPresent()
    })
    it('for a token of somebody who was disabled', async () => {
      const subject = await called()
      const { body } = await exchange(apis.notes, subject)
      expect(body.scope, 'the control').to.equal('mail:read')
      await server.parts.accounts.disable(who.email)
      expect((await exchange(apis.notes, subject)).body.error).to.equal('invalid_request')
      await server.parts.accounts.enable(who.email)
      travel(2)
    })

    const requests: [string, Parameters, string][] = [
      ['without a subject token', { subject_token: undefined }, 'invalid_request'],
      ['without a type', { subject_token_type: undefined }, 'invalid_request'],
      ['with an ID token’s type', { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
      ['for an ID token', { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
      ['for a refresh token', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
      ['for another actor', { actor_token: 'x', actor_token_type: accessTokenType }, 'invalid_request'],
      ['with an actor’s type alone', { actor_token_type: accessTokenType }, 'invalid_request'],
      ['with two subject tokens', { subject_token: ['x', 'y'] }, 'invalid_request'],
      ['for an unknown API', { audience: 'https://nowhere.example.com' }, 'invalid_target'],
      ['for an API that the settings do not name', { resource: api }, 'invalid_target'],
      ['for two APIs', { audience: otherApi, resource: api }, 'invalid_target'],
      ['for what is no API', { audience: 'mail-api' }, 'invalid_target'],
      ['for one API and nothing', { audience: [otherApi, ''] }, 'invalid_target'],
    ]
    for (const [what, changes, error] of requests) {
      it(what, async () => {
        const subject = await called()
        const { status, body } = await exchange(apis.notes, subject, changes)
        expect([status, body.error], JSON.stringify(body)).to.deep.equal([400, error])
        expect((await exchange(apis.notes, subject)).status, 'the control').to.equal(200)
      })
    }
    it('for a client that may not, is not itself, or is not there', async () => {
      const subject = await called()
      const { secret } = await server.parts.clients.add({ id: 'mute-api', name: 'Mute', kind: 'api', serves: [api] })
      for (const [client, status, error] of [
        [{ id: 'mute-api', secret }, 400, 'unauthorized_client'],
        [who.web, 400, 'unauthorized_client'],
        [who.machine, 400, 'unauthorized_client'],
        [who.native, 400, 'unauthorized_client'],
        [{ id: 'notes-api', secret: 'wrong' }, 401, 'invalid_client'],
        [{ id: 'notes-api' }, 401, 'invalid_client'],
      ] as const) {
        const answer = await exchange(client, subject)
        expect([answer.status, answer.body.error], client.id).to.deep.equal([status, error])
      }
    })
  })

  it('is a line of the log, with no token in it', async () => {
    const subject = await called()
    lines.length = 0
    const one = await exchanged(apis.notes, subject)
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include({
      event: 'token_exchange.success',
      client: 'notes-api',
      subject: who.subject,
      from: api,
      to: otherApi,
      scope: 'mail:read',
    })
    for (const secret of [subject, one]) expect(JSON.stringify(lines)).to.not.include(secret.split('.')[2])
  })

  describe('through clients that nobody here wrote', () => {
    it('oauth4webapi exchanges, and hears why not', async () => {
      const issuer = new URL(server.issuer)
      const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
      expect(as.grant_types_supported).to.include(grantType)
      const client = { client_id: 'notes-api' }
      const ask = async (parameters: Record<string, string>) => {
        const authentication = oauth.ClientSecretBasic(apis.notes.secret!)
        const response = await oauth.genericTokenEndpointRequest(as, client, authentication, grantType, parameters, insecure)
        return oauth.processGenericTokenEndpointResponse(as, client, response)
      }
      const parameters = { subject_token: await called(), subject_token_type: accessTokenType, audience: otherApi }
      const answer = await ask(parameters)
      expect(answer.issued_token_type).to.equal(accessTokenType)
      const request = new Request(otherApi, { headers: { authorization: `Bearer ${answer.access_token}` } })
      expect(await oauth.validateJwtAccessToken(as, request, otherApi, insecure)).to.deep.include({
        sub: who.subject,
        act: { sub: 'notes-api' },
      })
      const refused = await ask({ ...parameters, audience: api }).catch((error) => error)
      expect(refused).to.be.instanceOf(oauth.ResponseBodyError).and.to.include({ error: 'invalid_target', status: 400 })
    })

    const service = (id: string, more: Record<string, unknown>): Promise<Keyed> =>
      addKeyed(server, id, {
        kind: 'api',
        redirectUris: [],
        apis: {},
        serves: [api],
        exchanges: { [otherApi]: ['mail:read'] },
        ...more,
      })
    it('openid-client exchanges by private_key_jwt, for a token that is bound to the service’s key', async () => {
      const found = await configured(server, await service('bound-api', { dpopBound: true }))
      const DPoP = openid.getDPoPHandle(found, await openid.randomDPoPKeyPair())
      const parameters = { subject_token: await called(), subject_token_type: accessTokenType }
      const answer = await openid.genericGrantRequest(found, grantType, parameters, { DPoP })
      expect(answer.token_type).to.equal('dpop')
      expect(decodeJwt(answer.access_token)).to.deep.include({
        cnf: { jkt: await DPoP.calculateThumbprint() },
        act: { sub: 'bound-api' },
      })
      expect(await introspect(server, apis.mail, answer.access_token)).to.include({ active: true, token_type: 'DPoP' })
      const refused = await openid.genericGrantRequest(found, grantType, parameters).catch((error) => error)
      expect(refused).to.include({ error: 'invalid_grant' })
    })
    it('openid-client gets no token signed by RS256 for a service under profile fapi2', async () => {
      const more = { profile: 'fapi2', dpopBound: true }
      const ask = async (keyed: Keyed, audience: string) => {
        const found = await configured(server, keyed)
        const DPoP = openid.getDPoPHandle(found, await openid.randomDPoPKeyPair())
        const parameters = { subject_token: await called(), subject_token_type: accessTokenType, audience }
        return openid.genericGrantRequest(found, grantType, parameters, { DPoP }).catch((error) => error)
      }
      const under = await service('fapi-api', { ...more, exchanges: { [otherApi]: ['mail:read'], [api]: ['notes:read'] } })
      expect(await ask(under, otherApi)).to.include({ error: 'invalid_target' })
      expect((await ask(under, api)).token_type, 'the control, signed by ES256').to.equal('dpop')
    })
    it('openid-client exchanges a token that is bound to its person’s app: the app showed its key to the service', async () => {
      const app = await configured(server, await addKeyed(server, 'bound-app', { dpopBound: true }))
      const DPoP = openid.getDPoPHandle(app, await openid.randomDPoPKeyPair())
      const { callback, checks } = await sent(server, app, async (config, parameters) =>
        openid.buildAuthorizationUrl(config, parameters),
      )
      const { access_token: subject } = await openid.authorizationCodeGrant(app, callback, checks, undefined, { DPoP })
      expect(decodeJwt(subject)).to.have.property('cnf')
      const found = await configured(server, await service('plain-api', {}))
      const answer = await openid.genericGrantRequest(found, grantType, {
        subject_token: subject,
        subject_token_type: accessTokenType,
      })
      expect(decodeJwt(answer.access_token)).to.not.have.property('cnf')
      expect(await introspect(server, apis.mail, answer.access_token)).to.include({ active: true, token_type: 'Bearer' })
    })
  })

  it('adds no row', async () => {
    const subject = await called()
    const { artifacts } = server.parts.store
    const put = artifacts.put
    const written: string[] = []
    artifacts.put = async (artifact) => {
      written.push(artifact.model)
      return put.call(artifacts, artifact)
    }
    await exchanged(apis.notes, subject)
    expect(written).to.deep.equal([])
    await redeem(server, who.native, await codeFor(server, who.native))
    expect(written, 'the control').to.not.deep.equal([])
    artifacts.put = put
  })
})
