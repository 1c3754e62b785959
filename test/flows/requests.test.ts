/** The parameters of an authorization request (OpenID Connect Core s3.1.2.1 and s5.5), asked by openid-client, good way and bad way. */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { createVisitor } from '../../src/try/visitor.ts'
import { errorOf, type RelyingParty, relyingParty } from '../support/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, passThrough, password } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const [strong, weak] = ['urn:example:strong', 'urn:example:weak']

describe('an authorization request', () => {
  let server: TestServer
  let who: Cast
  let party: RelyingParty
  before(async () => {
    server = await startTestServer({
      settings: { signIn: { attemptsPerAccount: 1_000, attemptsPerNetwork: 100_000, acrValues: [weak, strong] } },
    })
    who = await cast(server)
    const claims = { birthdate: '1815-12-10', phone_number: '+44 20 7946 0018', phone_number_verified: true }
    await server.parts.accounts.setClaims(who.email, claims)
    await server.parts.accounts.add({ email: 'bob@example.com', password })
    party = await relyingParty(server, who.web)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  describe('claims', () => {
    const asking = (claims: unknown) => ({ claims: JSON.stringify(claims) })

    it('gives single claims at userinfo and in the ID token, without their scope', async () => {
      const signed = await party.signIn(
        asking({ userinfo: { birthdate: null }, id_token: { phone_number: { essential: true } } }),
      )
      expect(signed.claims).to.include({ phone_number: '+44 20 7946 0018' }).and.not.have.any.keys('birthdate', 'email')
      expect(await party.userinfo(signed)).to.deep.equal({ sub: who.subject, birthdate: '1815-12-10' })
    })

    it('puts what a scope releases at userinfo into the ID token too where that is asked', async () => {
      const { claims } = await party.signIn({ scope: 'openid email', ...asking({ id_token: { email: null } }) })
      expect(claims).to.include({ email: who.email }).and.not.have.property('email_verified')
    })

    it('keeps them through a refresh', async () => {
      const { tokens } = await party.signIn(asking({ userinfo: { birthdate: null } }))
      const next = await client.refreshTokenGrant(party.config, tokens.refresh_token as string)
      expect(await client.fetchUserInfo(party.config, next.access_token, who.subject)).to.include({ birthdate: '1815-12-10' })
    })

    it('shows each as a sentence that can be unticked, remembers the answer, and asks for a new one alone', async () => {
      const added = await server.parts.clients.add({
        name: 'C',
        kind: 'web',
        redirectUris: ['https://app.example.com/callback'],
      })
      const other = await relyingParty(server, { id: added.registration.id, secret: added.secret! })
      const visitor = createVisitor(server.issuer)
      const page = await visitor.open((await other.begin(asking({ userinfo: { birthdate: null, gender: null } }))).url)
      const consent = await visitor.submit(page, '/sign-in', { email: who.email, password })
      expect(consent.html).to.include('See your date of birth').and.include('See your gender')
      await visitor.submit(consent, '/consent', { decision: 'allow', scope: ['claim gender'] })
      const again = await other.signIn(asking({ userinfo: { birthdate: null } }), { visitor })
      expect(await other.userinfo(again), 'refused, and not asked again').to.deep.equal({ sub: who.subject })
      const further = await visitor.open((await other.begin(asking({ userinfo: { picture: null } }))).url)
      expect(further.html).to.include('See your picture').and.not.include('date of birth')
    })

    it('lets a scope that is allowed later release what was refused by itself', async () => {
      const visitor = createVisitor(server.issuer)
      const begun = await party.begin({ prompt: 'consent', ...asking({ userinfo: { email: null } }) })
      const page = await visitor.open(begun.url)
      const consent = await visitor.submit(page, '/sign-in', { email: who.email, password })
      await visitor.submit(consent, '/consent', { decision: 'allow', scope: [] })
      const signed = await party.signIn({ scope: 'openid email', prompt: 'consent' }, { visitor })
      expect(await party.userinfo(signed)).to.include({ email: who.email })
    })

    it('leaves out what nobody has, and what is no claim', async () => {
      const signed = await party.signIn(
        asking({ userinfo: { picture: null, shoe_size: null, nickname: {}, ['__proto__']: null } }),
      )
      expect(await party.userinfo(signed)).to.deep.equal({ sub: who.subject })
      expect(decodeJwt(signed.tokens.access_token).userinfo_claims).to.deep.equal(['picture', 'nickname'])
    })

    for (const claims of ['', '{', '[]', '"x"', '{}', '{"userinfo":7}', '{"id_token":[]}', '{"userinfo":{"nickname":"x"}}']) {
      it(`refuses ${JSON.stringify(claims)}`, async () => {
        if (claims === '') return expect((await party.signIn({ claims })).claims.sub).to.equal(who.subject)
        expect(errorOf(await party.answerTo({ claims }))).to.equal('invalid_request')
      })
    }

    it('signs in the person whom sub names, and tells the client when it was another', async () => {
      const { claims } = await party.signIn(asking({ id_token: { sub: { value: who.subject } } }))
      expect(claims.sub).to.equal(who.subject)
      const visitor = createVisitor(server.issuer)
      const { url } = await party.begin(asking({ id_token: { sub: { value: who.subject } } }))
      expect(errorOf(await passThrough(visitor, await visitor.open(url), { email: 'bob@example.com' }))).to.equal(
        'login_required',
      )
      const silent = { prompt: 'none', ...asking({ id_token: { sub: { value: 'somebody' } } }) }
      expect(errorOf(await party.answerTo(silent, (await party.signIn()).visitor))).to.equal('login_required')
    })
  })

  describe('acr', () => {
    const essential = (acr: unknown) => ({ claims: JSON.stringify({ id_token: { acr } }) })

    for (const [what, parameters, acr] of [
      ['is the operator’s first where nobody asks', {}, weak],
      ['is the first of acr_values that the operator lists', { acr_values: `urn:other ${strong} ${weak}` }, strong],
      ['is the operator’s first where none is listed', { acr_values: 'urn:other' }, weak],
      ['is the essential value', essential({ essential: true, value: strong }), strong],
      ['is one of the essential values', essential({ essential: true, values: ['urn:other', strong] }), strong],
    ] as [string, Record<string, string>, string][]) {
      it(what, async () => {
        const { tokens, claims } = await party.signIn(parameters)
        expect(decodeJwt(tokens.access_token).acr).to.equal(acr)
        if (Object.keys(parameters).length > 0) expect(claims.acr).to.equal(acr)
      })
    }

    it('is asked for by another sign-in when the session has another one', async () => {
      const { visitor } = await party.signIn({ acr_values: weak })
      const { claims } = await party.signIn(essential({ essential: true, value: strong }), { visitor })
      expect(claims.acr).to.equal(strong)
    })

    for (const acr of [
      { essential: true, value: 'urn:other' },
      { essential: true, values: ['urn:other', 'urn:more'] },
    ]) {
      it(`is an error where it cannot be had: ${JSON.stringify(acr)}`, async () => {
        const { visitor } = await party.signIn()
        expect(errorOf(await party.answerTo(essential(acr), visitor))).to.equal('unmet_authentication_requirements')
      })
    }
    it('is an error where its values are none', async () => {
      const answer = await party.answerTo(essential({ essential: true, values: 'x' }), (await party.signIn()).visitor)
      expect(errorOf(answer)).to.equal('invalid_request')
    })
  })

  describe('max_age', () => {
    it('goes by the session while it is young enough, and asks for the password after', async () => {
      const { visitor, claims } = await party.signIn()
      await travel(50)
      const young = await party.signIn({ max_age: '60' }, { visitor, checks: { maxAge: 60 } })
      expect(young.claims.auth_time).to.be.a('number')
      const { url } = await party.begin({ max_age: '40' })
      expect((await visitor.open(url)).html).to.include('type="password"')
      expect(errorOf(await party.answerTo({ max_age: '40', prompt: 'none' }, visitor))).to.equal('login_required')
      const again = await party.signIn({ max_age: '40' }, { visitor, checks: { maxAge: 40 } })
      expect(again.claims.auth_time).to.be.greaterThan(young.claims.auth_time as number)
      expect(again.claims.sub).to.equal(claims.sub)
    })

    it('of 0 is prompt=login, and says when', async () => {
      const { visitor } = await party.signIn()
      expect((await visitor.open((await party.begin({ max_age: '0' })).url)).html).to.include('type="password"')
      expect((await party.signIn({ max_age: '0' }, { visitor })).claims.auth_time).to.be.a('number')
    })

    for (const age of ['-1', '1.5', 'soon', 'NaN', '1e400', '9007199254740993', '60 60']) {
      it(`refuses ${age}`, async () => expect(errorOf(await party.answerTo({ max_age: age }))).to.equal('invalid_request'))
    }

    it('may be a client’s own, which a request can set lower', async () => {
      const { registration, secret } = await server.parts.clients.add({
        name: 'Strict',
        kind: 'web',
        redirectUris: ['https://app.example.com/callback'],
        defaultMaxAgeSeconds: 30,
      })
      const strict = await relyingParty(server, { id: registration.id, secret: secret! }, { default_max_age: 30 })
      const { visitor, claims } = await strict.signIn()
      expect(claims.auth_time, 'by default_max_age alone').to.be.a('number')
      await travel(31)
      expect(errorOf(await strict.answerTo({ prompt: 'none' }, visitor))).to.equal('login_required')
    })
  })

  describe('prompt', () => {
    for (const prompt of ['none login', 'none consent', 'none none2', 'create', 'Login', 'login create']) {
      it(`refuses ${prompt}`, async () => expect(errorOf(await party.answerTo({ prompt }))).to.equal('invalid_request'))
    }

    it('login asks for the password though somebody is signed in', async () => {
      const { visitor } = await party.signIn()
      expect((await visitor.open((await party.begin({ prompt: 'login' })).url)).html).to.include('type="password"')
    })

    it('consent asks again for what is allowed already', async () => {
      const { visitor } = await party.signIn()
      expect((await visitor.open((await party.begin({ prompt: 'consent' })).url)).html).to.include('/consent"')
    })

    it('login consent asks for both, one after the other', async () => {
      const { visitor } = await party.signIn()
      const page = await visitor.open((await party.begin({ prompt: 'login consent' })).url)
      const next = await visitor.submit(page, '/sign-in', { email: who.email, password })
      expect(next.html).to.include('/consent"')
      expect((await visitor.submit(next, '/consent', { decision: 'allow' })).leftTo?.searchParams.get('code')).to.be.a('string')
    })
  })

  describe('prompt=select_account', () => {
    const chosen = { prompt: 'select_account' }

    it('shows who is signed in, and goes on as them', async () => {
      const { visitor } = await party.signIn()
      const { url, checks } = await party.begin(chosen)
      const page = await visitor.open(url)
      expect(page.html).to.include('Choose an account').and.include(who.email)
      const { leftTo } = await visitor.submit(page, '/select-account', {})
      expect((await client.authorizationCodeGrant(party.config, leftTo!, checks)).claims()?.sub).to.equal(who.subject)
    })

    it('is answered by signing in, where nobody is signed in', async () => {
      expect((await party.signIn(chosen)).claims.sub).to.equal(who.subject)
    })

    it('A23 lets another person in, and never merges the two', async () => {
      const first = await party.signIn()
      const { url, checks } = await party.begin(chosen)
      const signIn = await first.visitor.submit(await first.visitor.open(url), '/switch', {})
      expect(signIn.html).to.include('type="password"')
      const answer = await passThrough(first.visitor, signIn, { email: 'bob@example.com' })
      const second = (await client.authorizationCodeGrant(party.config, answer, checks)).claims()!
      expect(second.sub).to.not.equal(who.subject)
      expect(second.sid).to.not.equal(first.claims.sid)
      const dead = await client.refreshTokenGrant(party.config, first.tokens.refresh_token!).catch((error) => error)
      expect(dead).to.have.property('error', 'invalid_grant')
    })

    it('can be cancelled', async () => {
      const { visitor } = await party.signIn()
      const page = await visitor.open((await party.begin(chosen)).url)
      expect(errorOf((await visitor.submit(page, '/cancel', {})).leftTo!)).to.equal('access_denied')
    })

    it('cannot be answered in the place of another question', async () => {
      const { visitor } = await party.signIn()
      const page = await visitor.open((await party.begin({ prompt: 'consent' })).url)
      const form = page.forms.find(({ action }) => action.endsWith('/consent'))!
      const action = form.action.replace('/consent', '/select-account')
      const response = await visitor.fetch(action, { method: 'POST', body: new URLSearchParams(form.fields) })
      expect(response.status).to.equal(400)
    })
  })

  describe('id_token_hint', () => {
    const hinted = (hint: string | undefined) => ({ prompt: 'none', id_token_hint: hint as string })

    it('lets the person whom it names pass without a page', async () => {
      const { visitor, tokens } = await party.signIn()
      expect((await party.answerTo(hinted(tokens.id_token), visitor)).searchParams.get('code')).to.be.a('string')
    })

    it('is taken though it is expired', async () => {
      const { visitor, tokens } = await party.signIn()
      await travel(7_200)
      expect((await party.answerTo(hinted(tokens.id_token), visitor)).searchParams.get('code')).to.be.a('string')
    })

    it('of another person is no sign-in, and asks for theirs', async () => {
      const bob = await party.signIn({}, { email: 'bob@example.com' })
      const { visitor } = await party.signIn()
      expect(errorOf(await party.answerTo(hinted(bob.tokens.id_token), visitor))).to.equal('login_required')
      const { url } = await party.begin({ id_token_hint: bob.tokens.id_token! })
      const page = await visitor.open(url)
      expect(page.html).to.include('type="password"')
      expect(errorOf(await passThrough(visitor, page)), 'the wrong person again').to.equal('login_required')
    })

    it('is refused when it is forged, another client’s, or no ID token', async () => {
      const { visitor, tokens } = await party.signIn()
      const [header, body, signature] = tokens.id_token!.split('.') as [string, string, string]
      const other = await (await relyingParty(server, who.exempt)).signIn({}, { visitor })
      const forged = Buffer.from(JSON.stringify({ ...decodeJwt(tokens.id_token!), sub: 'x' })).toString('base64url')
      const none = Buffer.from('{"alg":"none"}').toString('base64url')
      for (const hint of [
        `${header}.${forged}.${signature}`,
        `${none}.${body}.`,
        other.tokens.id_token,
        tokens.access_token,
        'hint',
        'a.b.c',
      ])
        expect(errorOf(await party.answerTo(hinted(hint), visitor)), hint).to.equal('invalid_request')
    })
  })

  describe('by POST', () => {
    const sent = (
      path: string,
      body: URLSearchParams | string,
      visitor = createVisitor(server.issuer),
      headers: Record<string, string> = {},
    ) =>
      visitor.fetch(path, {
        method: 'POST',
        body,
        headers: { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site', ...headers },
      })

    it('is the same as by GET, with its session, from wherever the form stands', async () => {
      const { visitor } = await party.signIn()
      const { url, checks } = await party.begin({ prompt: 'none' })
      const response = await sent('/auth', url.searchParams, visitor)
      expect(response.status).to.equal(303)
      const { leftTo } = await visitor.open(response.headers.get('location')!)
      expect((await client.authorizationCodeGrant(party.config, leftTo!, checks)).claims()?.sub).to.equal(who.subject)
    })

    it('loses no parameter that came twice, and takes no other form than a form', async () => {
      const { url } = await party.begin()
      url.searchParams.append('scope', 'openid')
      const visitor = createVisitor(server.issuer)
      const { leftTo } = await visitor.open((await sent('/auth', url.searchParams, visitor)).headers.get('location')!)
      expect(errorOf(leftTo!)).to.equal('invalid_request')
      expect((await sent('/auth', '{}', visitor, { 'content-type': 'application/json' })).status).to.equal(415)
      expect((await sent('/auth', new URLSearchParams({ state: 'x'.repeat(20_000) }))).status).to.equal(413)
    })

    it('asks before it signs out, as by GET', async () => {
      const { visitor, tokens } = await party.signIn()
      const response = await sent('/session/end', new URLSearchParams({ id_token_hint: tokens.id_token! }), visitor)
      expect((await visitor.open(response.headers.get('location')!)).html).to.include('Sign out?')
    })
  })

  it('fills in the login_hint, whatever stands in it, as text', async () => {
    const visitor = createVisitor(server.issuer)
    for (const hint of ['ada@example.com', '"><b>', '+44 20 7946 0018']) {
      const page = await visitor.open((await party.begin({ login_hint: hint })).url)
      const field = page.forms.find(({ action }) => action.endsWith('/sign-in'))?.fields.find(([name]) => name === 'email')
      expect(field?.[1]).to.equal(hint)
    }
  })

  for (const name of ['ui_locales', 'claims_locales', 'display']) {
    it(`takes any ${name}, and answers as it would without`, async () => {
      for (const value of ['de-DE en', 'xx', '<b>', '../../etc', '%00'])
        expect((await party.signIn({ [name]: value })).claims.sub).to.equal(who.subject)
    })
  }
})
