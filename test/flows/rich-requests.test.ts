/** Rich authorization requests (RFC 9396) by openid-client: shown, granted, narrowed, refreshed, introspected, and refused. */
import { expect } from 'chai'
import fc from 'fast-check'
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { errorOf, type RelyingParty, relyingParty } from '../support/client.ts'
import { askForCode, confirmCode, deviceFor, enterCode, poll } from '../support/device.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import {
  type Cast,
  type Credentials,
  cast,
  codeFor,
  password,
  redeem,
  redirectUri,
  refresh,
  tokensFor,
} from '../support/story.ts'

const type = 'note_payment'
const pay = (amount: number, more: object = {}) => ({ type, amount, ...more })
const asking = (...details: unknown[]) => ({ scope: 'openid notes:read', authorization_details: JSON.stringify(details) })

const settings = {
  authorizationDetails: {
    [type]: {
      description: 'Pay for notes',
      api,
      fields: { amount: { label: 'Amount', type: 'number', required: true }, to: { label: 'To', type: 'strings' } },
    },
    once: { description: 'Just this once', api, remember: false },
    erase: { description: 'Erase everything', api, roles: ['editor'] },
    letter: { description: 'Read one letter', api: otherApi, fields: { identifier: { label: 'Letter' } } },
    foreign: { description: 'Nobody registered it', api },
  },
}
const types = [type, 'once', 'erase', 'letter']

describe('a rich authorization request', () => {
  let server: TestServer
  let who: Cast
  let party: RelyingParty
  let resourceServer: Credentials
  before(async () => {
    server = await startTestServer({ settings })
    who = await cast(server)
    party = await newParty()
    const { registration, secret } = await server.parts.clients.add({ id: 'the-api', name: 'API', kind: 'api', serves: [api] })
    resourceServer = { id: registration.id, secret: secret! }
  })
  after(() => server.close())

  /** Nobody has allowed it anything yet. */
  const newParty = async (more: Record<string, unknown> = {}) => relyingParty(server, await newClient(more))

  async function newClient(more: Record<string, unknown> = {}): Promise<Credentials> {
    const { registration, secret } = await server.parts.clients.add({
      name: 'Payer',
      kind: 'web',
      redirectUris: [redirectUri],
      apis: { [api]: ['notes:read'], [otherApi]: ['mail:read'] },
      authorizationDetailsTypes: types,
      ...more,
    })
    return { id: registration.id, secret: secret! }
  }

  async function consentPage(
    parameters: Record<string, string>,
    by = party,
    visitor: Visitor = createVisitor(server.issuer),
  ): Promise<Page> {
    const page = await visitor.open((await by.begin(parameters)).url)
    return visitor.submit(page, '/sign-in', { email: who.email, password })
  }

  it('is named in the metadata by its declared types', () => {
    expect(party.config.serverMetadata().authorization_details_types_supported).to.deep.equal(
      Object.keys(settings.authorizationDetails),
    )
  })

  it('A28 shows each detail as a sentence with its values, as text', async () => {
    const { html } = await consentPage(asking(pay(12.5, { to: ['<b>Ada</b>', 'Bob'] }), { type: 'once' }))
    expect(html).to.include('Pay for notes').and.include('Just this once').and.include('12.5')
    expect(html).to.include('&lt;b&gt;Ada&lt;/b&gt;').and.include('Bob').and.not.include('<b>Ada')
  })

  it('puts what was granted into the code’s token, its response, and every refreshed one', async () => {
    const details = [pay(20, { to: ['Ada'] }), { type: 'once' }]
    const { tokens } = await party.signIn(asking(...details))
    expect(tokens.authorization_details).to.deep.equal(details)
    expect(decodeJwt(tokens.access_token).authorization_details).to.deep.equal(details)
    const next = await client.refreshTokenGrant(party.config, tokens.refresh_token!)
    expect(next.authorization_details).to.deep.equal(details)
    expect(decodeJwt(next.access_token).authorization_details).to.deep.equal(details)
  })

  it('is told to an API that introspects, and to nobody in the token of another request', async () => {
    const signed = await party.signIn(asking(pay(21)))
    const introspecting = await relyingParty(server, resourceServer)
    const answer = await client.tokenIntrospection(introspecting.config, signed.tokens.access_token)
    expect(answer.authorization_details).to.deep.equal([pay(21)])
    const plain = await party.signIn({ scope: 'openid notes:read' }, { visitor: signed.visitor })
    expect(plain.tokens).to.not.have.property('authorization_details')
    expect(decodeJwt(plain.tokens.access_token)).to.not.have.property('authorization_details')
  })

  it('is remembered to the letter: the same passes without a page, another amount asks', async () => {
    const by = await newParty()
    const { visitor } = await by.signIn(asking(pay(30)))
    const again = await by.answerTo({ ...asking(pay(30)), prompt: 'none' }, visitor)
    expect(again.searchParams.get('code')).to.be.a('string')
    for (const other of [pay(31), pay(30, { to: ['Eve'] })])
      expect(errorOf(await by.answerTo({ ...asking(other), prompt: 'none' }, visitor))).to.equal('consent_required')
    const page = await visitor.open((await by.begin(asking(pay(30), pay(31)))).url)
    expect(page.html.match(/>New</g), 'the one that is new is marked').to.have.length(1)
  })

  it('is asked each time where its type says so', async () => {
    const by = await newParty()
    const { visitor, tokens } = await by.signIn(asking({ type: 'once' }))
    expect(tokens.authorization_details).to.deep.equal([{ type: 'once' }])
    expect(errorOf(await by.answerTo({ ...asking({ type: 'once' }), prompt: 'none' }, visitor))).to.equal('consent_required')
  })

  it('is denied whole', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await consentPage(asking(pay(40)), party, visitor)
    expect(errorOf((await visitor.submit(page, '/consent', { decision: 'deny' })).leftTo!)).to.equal('access_denied')
  })

  it('A24 grants what was shown, whatever the form says', async () => {
    const by = await newParty()
    const visitor = createVisitor(server.issuer)
    const { url, checks } = await by.begin(asking(pay(50)))
    const page = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
    const forged = {
      decision: 'allow',
      authorization_details: JSON.stringify([pay(5_000)]),
      scope: [`${api} notes:read`, JSON.stringify(pay(5_000))],
    }
    const { leftTo } = await visitor.submit(page, '/consent', forged)
    const tokens = await client.authorizationCodeGrant(by.config, leftTo!, checks)
    expect(tokens.authorization_details).to.deep.equal([pay(50)])
  })

  it('leaves out what the person’s roles do not let them grant, now or later', async () => {
    const details = [pay(60), { type: 'erase' }]
    const page = await consentPage(asking(...details))
    expect(page.html).to.include('Pay for notes').and.not.include('Erase everything')
    await server.parts.accounts.setRoles(who.email, ['editor'])
    const { tokens } = await party.signIn(asking(...details))
    expect(tokens.authorization_details).to.deep.equal(details)
    await server.parts.accounts.setRoles(who.email, [])
    const narrowed = await client.refreshTokenGrant(party.config, tokens.refresh_token!)
    expect(narrowed.authorization_details).to.deep.equal([pay(60)])
  })

  it('A24 grants what was shown and nothing that a role brings meanwhile, before the answer or after', async () => {
    const by = await newParty()
    const visitor = createVisitor(server.issuer)
    const { url, checks } = await by.begin(asking(pay(61), { type: 'erase' }))
    const first = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
    expect(first.html).to.not.include('Erase everything').and.not.include('This has changed')
    await server.parts.accounts.setRoles(who.email, ['editor'])
    const second = await visitor.submit(first, '/consent', { decision: 'allow' })
    expect(second.status).to.equal(409)
    expect(second.html).to.include('Erase everything').and.include('This has changed')
    await server.parts.accounts.setRoles(who.email, [])
    const third = await visitor.submit(second, '/consent', { decision: 'allow' })
    expect(third.html).to.not.include('Erase everything')
    const form = third.forms.find(({ action }) => action.endsWith('/consent'))!
    const body = new URLSearchParams([...form.fields, ['decision', 'allow']])
    const answer = await visitor.fetch(new URL(form.action, third.url), { method: 'POST', body })
    await server.parts.accounts.setRoles(who.email, ['editor'])
    const { leftTo } = await visitor.open(answer.headers.get('location')!)
    const tokens = await client.authorizationCodeGrant(by.config, leftTo!, checks)
    expect(tokens.authorization_details).to.deep.equal([pay(61)])
    const silent = await by.answerTo({ ...asking({ type: 'erase' }), prompt: 'none' }, visitor)
    expect(errorOf(silent)).to.equal('consent_required')
    await server.parts.accounts.setRoles(who.email, [])
  })

  it('A24 shows the page again to whoever answers another than the one that was shown', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await consentPage(asking(pay(62)), await newParty(), visitor)
    for (const shown of [undefined, '', 'x', page.html.match(/name="csrf" value="([^"]+)"/)?.[1]])
      expect((await visitor.submit(page, '/consent', { decision: 'allow', shown })).status, shown).to.equal(409)
    expect((await visitor.submit(page, '/consent', { decision: 'allow' })).leftTo?.searchParams.get('code')).to.be.a('string')
  })

  describe('at the token endpoint', () => {
    const narrowed = (...details: unknown[]) => ({ authorization_details: JSON.stringify(details) })

    it('gives the part that is named, for this token alone', async () => {
      const { tokens } = await party.signIn(asking(pay(70), pay(71)))
      const one = await client.refreshTokenGrant(party.config, tokens.refresh_token!, narrowed(pay(71)))
      expect(one.authorization_details).to.deep.equal([pay(71)])
      const both = await client.refreshTokenGrant(party.config, one.refresh_token ?? tokens.refresh_token!)
      expect(both.authorization_details).to.deep.equal([pay(70), pay(71)])
    })

    it('refuses more than was granted, and other', async () => {
      const { tokens } = await party.signIn(asking(pay(72)))
      for (const other of [pay(73), pay(72, { to: ['Eve'] }), { type: 'once' }]) {
        const refused = await client
          .refreshTokenGrant(party.config, tokens.refresh_token!, narrowed(other))
          .catch((error) => error)
        expect(refused, JSON.stringify(other)).to.have.property('error', 'invalid_authorization_details')
      }
    })

    it('A24 gives each detail once, however often it is named, by code, by refresh and by a machine', async () => {
      const { authorization_details: twice } = asking(pay(75), pay(75))
      const payer = await newClient()
      const code = await codeFor(server, payer, asking(pay(75)))
      const redeemed = await redeem(server, payer, code, { authorization_details: twice })
      expect(redeemed.body.error).to.equal('invalid_authorization_details')
      const { body } = await redeem(server, payer, code)
      const refreshed = await refresh(server, payer, body.refresh_token!, { authorization_details: twice })
      expect(refreshed.body.error).to.equal('invalid_authorization_details')
      const machine = await newParty({ kind: 'machine', redirectUris: [], authorizationDetailsTypes: [type] })
      const refused = await client
        .clientCredentialsGrant(machine.config, { scope: 'notes:read', ...narrowed(pay(75), pay(75)) })
        .catch((error) => error)
      expect(refused).to.have.property('error', 'invalid_authorization_details')
    })

    it('gives no more of a type that was taken from its client', async () => {
      const payer = await newClient()
      const details = [pay(76), { type: 'once' }]
      const { refresh_token: kept } = await tokensFor(server, payer, asking(...details))
      const { store } = server.parts
      const row = (await store.clients.find(payer.id))!
      const registration = JSON.stringify({ ...JSON.parse(row.registration), authorizationDetailsTypes: ['once'] })
      expect((await refresh(server, payer, kept!)).body.authorization_details).to.deep.equal(details)
      await store.clients.put({ ...row, registration })
      // Makes the server read it anew at once; the old secret stays good.
      await server.parts.clients.rotateSecret(payer.id, 60)
      expect((await refresh(server, payer, kept!)).body.authorization_details).to.deep.equal([{ type: 'once' }])
    })

    it('says in a token for an API what is that API’s', async () => {
      const letter = { type: 'letter', identifier: 'l1' }
      const begun = await party.begin({ ...asking(pay(74), letter), scope: 'openid notes:read mail:read' })
      begun.url.searchParams.append('resource', api)
      begun.url.searchParams.append('resource', otherApi)
      const visitor = createVisitor(server.issuer)
      const page = await visitor.submit(await visitor.open(begun.url), '/sign-in', { email: who.email, password })
      const { leftTo } = await visitor.submit(page, '/consent', { decision: 'allow' })
      const first = await client.authorizationCodeGrant(party.config, leftTo!, begun.checks, { resource: otherApi })
      expect(decodeJwt(first.access_token)).to.deep.include({ aud: otherApi, authorization_details: [letter] })
      const second = await client.refreshTokenGrant(party.config, first.refresh_token!, { resource: api })
      expect(decodeJwt(second.access_token)).to.deep.include({ aud: api, authorization_details: [pay(74)] })
    })

    it('is a machine’s own request, within its registration', async () => {
      const machine = await newParty({ kind: 'machine', redirectUris: [], authorizationDetailsTypes: [type, 'letter'] })
      const tokens = await client.clientCredentialsGrant(machine.config, { scope: 'notes:read', ...narrowed(pay(1)) })
      expect(decodeJwt(tokens.access_token).authorization_details).to.deep.equal([pay(1)])
      for (const other of [{ type: 'once' }, pay(1, { note: 1 }), { type: 'letter' }]) {
        const asked = { scope: 'notes:read', ...narrowed(other) }
        const refused = await client.clientCredentialsGrant(machine.config, asked).catch((error) => error)
        expect(refused, JSON.stringify(other)).to.have.property('error', 'invalid_authorization_details')
      }
    })
  })

  describe('is refused', () => {
    for (const [what, authorization_details] of [
      ['what is no JSON', '{'],
      ['what is no list', JSON.stringify(pay(1))],
      ['a list of no objects', '[7]'],
      ['an object without a type', '[{}]'],
      ['an unknown type', JSON.stringify([{ type: 'nothing' }])],
      ['a type by the name of a member of every object', JSON.stringify([{ type: 'constructor' }])],
      ['a type that the client did not register', JSON.stringify([{ type: 'foreign' }])],
      ['a member that its type does not have', JSON.stringify([pay(1, { note: 'x' })])],
      ['a missing member', JSON.stringify([{ type }])],
      ['a common member that its type does not have', JSON.stringify([pay(1, { actions: ['read'] })])],
      ['a detail of an API that it does not name', JSON.stringify([{ type: 'letter' }])],
      ['more details than anybody reads', JSON.stringify(Array.from({ length: 21 }, (_, amount) => pay(amount)))],
      ['the same detail twice', JSON.stringify([pay(1), { type: 'once' }, { amount: 1, type }])],
      ['one wrong among good ones', JSON.stringify([pay(1), { type: 'nothing' }])],
    ] as const) {
      it(`for ${what}`, async () => {
        expect(errorOf(await party.answerTo({ ...asking(), authorization_details }))).to.equal('invalid_authorization_details')
      })
    }

    it('by the client registration, where it names a type that is not declared', async () => {
      const refused = await newParty({ authorizationDetailsTypes: ['nothing'] }).catch((error) => error)
      expect(refused).to.have.property('code', 'invalid_client_metadata')
    })
  })

  it('is shown and granted where a device asks (RFC 8628), and refused to it where it is not in order', async () => {
    const { registration } = await server.parts.clients.add({
      name: 'Till',
      kind: 'device',
      apis: { [api]: ['notes:read'] },
      authorizationDetailsTypes: types,
    })
    const till = { id: registration.id }
    const device = await deviceFor(server, till, asking(pay(90)))
    const visitor = createVisitor(server.issuer)
    const page = await confirmCode(visitor, await enterCode(visitor, device.user_code))
    expect(page.html).to.include('Pay for notes').and.include('90')
    await visitor.submit(page, '/consent', { decision: 'allow' })
    const { body } = await poll(server, device)
    expect(body.authorization_details).to.deep.equal([pay(90)])
    expect(decodeJwt(body.access_token!).authorization_details).to.deep.equal([pay(90)])
    const refused = await askForCode(server, till, asking({ type: 'nothing' }))
    expect(await refused.json()).to.include({ error: 'invalid_authorization_details' })
  })

  it('X01 whatever JSON it holds, and the claims parameter too, is answered without a fault of ours', async () => {
    const names = fc.constantFrom(
      type,
      'type',
      'amount',
      'to',
      'userinfo',
      'id_token',
      'acr',
      'values',
      'sub',
      '__proto__',
      'constructor',
    )
    const values = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.oneof(names, fc.string()), fc.oneof(names, fc.jsonValue(), fc.dictionary(names, fc.jsonValue()))),
    )
    const name = fc.constantFrom('authorization_details', 'claims')
    // Somebody is signed in, so that all is judged and the consent page shown.
    const { visitor } = await party.signIn()
    await fc.assert(
      fc.asyncProperty(name, values, fc.boolean(), async (parameter, value, inList) => {
        const { url } = await party.begin({
          ...asking(),
          [parameter]: JSON.stringify(inList ? [{ type, ...(value as object) }] : value),
        })
        const page = await visitor.open(url)
        expect(page.leftTo ? errorOf(page.leftTo) : page.status).to.be.oneOf([
          null,
          'unmet_authentication_requirements',
          'invalid_request',
          'invalid_authorization_details',
          200,
          414,
        ])
      }),
      { numRuns: 200, endOnFailure: true },
    )
  })

  it('by PAR is the same, and asked in vain there already', async () => {
    const url = await client.buildAuthorizationUrlWithPAR(
      party.config,
      new URLSearchParams((await party.begin(asking(pay(80)))).url.searchParams),
    )
    const visitor = createVisitor(server.issuer)
    const page = await visitor.submit(await visitor.open(url), '/sign-in', { email: who.email, password })
    expect(page.html).to.include('Pay for notes').and.include('80')
    const bad = new URLSearchParams((await party.begin(asking({ type: 'nothing' }))).url.searchParams)
    const refused = await client.buildAuthorizationUrlWithPAR(party.config, bad).catch((error) => error)
    expect(refused).to.include({ error: 'invalid_authorization_details', status: 400 })
  })
})

describe('without declared types', () => {
  it('authorization_details mean nothing, and no metadata speaks of them', async () => {
    const server = await startTestServer()
    const party = await relyingParty(server, (await cast(server)).web)
    const { tokens } = await party.signIn(asking(pay(1)))
    expect(tokens).to.not.have.property('authorization_details')
    expect(party.config.serverMetadata()).to.not.have.property('authorization_details_types_supported')
    await server.close()
  })
})
