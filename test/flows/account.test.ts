/** A person's own account: reached signed in as anywhere, its forms, and what they end. */
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { letterTo } from '../support/inbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, password, pkce, refresh, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { countWrites, type WritesOf } from '../support/writes.ts'

describe('a person’s own account', () => {
  let server: TestServer
  let who: Cast
  let writtenBy: WritesOf

  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    writtenBy = countWrites(server)
  })
  after(() => server.close())
  afterEach(returnToPresent)

  const newPerson = async (name: string) =>
    (await server.parts.accounts.add({ email: `${name}@example.com`, password, name })).email
  const signInAt = (visitor: Visitor, page: Page, email = who.email) => visitor.submit(page, '/sign-in', { email, password })
  async function signedIn(email = who.email, path = '/account'): Promise<{ visitor: Visitor; page: Page }> {
    const visitor = createVisitor(server.issuer)
    return { visitor, page: await signInAt(visitor, await visitor.open(path), email) }
  }

  describe('is reached', () => {
    it('by signing in on the way, which takes one row, and without it by whoever is signed in already', async () => {
      const visitor = createVisitor(server.issuer)
      const asked = await visitor.open('/account')
      expect(asked.url.pathname).to.match(/^\/interaction\//)
      expect(asked.html).to.include('to your Signet account')
      let page = asked
      const written = await writtenBy(async () => {
        page = await signInAt(visitor, asked)
      })
      expect(written).to.deep.equal({ durable: ['Session insert'], volatile: [] })
      expect([page.status, page.url.href]).to.deep.equal([200, `${server.issuer}/account`])
      expect(page.html).to.include(who.email)
      const again = await writtenBy(async () => {
        expect((await visitor.open('/account')).html).to.include(who.email)
      })
      expect(again).to.deep.equal({ durable: [], volatile: [] })
    })

    it('by whoever signed in to an app before', async () => {
      const { visitor } = await codeFor(server, who.web)
      expect((await visitor.open('/account')).html).to.include(who.email)
    })

    it('by nobody who would not sign in', async () => {
      const visitor = createVisitor(server.issuer)
      const left = await visitor.submit(await visitor.open('/account/password'), '/cancel', {})
      expect([left.status, left.url.pathname]).to.deep.equal([200, '/'])
      for (const path of ['', '/name', '/password', '/email', '/delete'])
        expect((await visitor.open(`/account${path}`)).url.pathname, path).to.match(/^\/interaction\//)
    })

    it('and shows nothing of an answer that somebody else wrote into the address', async () => {
      const { visitor } = await signedIn()
      const error = await visitor.open('/account?error=evil&error_description=Call+us')
      expect(error.status).to.equal(400)
      expect(error.html).not.to.match(/evil|Call us/)
      expect((await visitor.open('/account?done=x&iss=y')).url.href).to.equal(`${server.issuer}/account`)
    })
  })

  describe('has a client of its own', () => {
    const ask = (changes: Record<string, string | undefined>) => {
      const asked = {
        response_type: 'none',
        scope: 'openid',
        redirect_uri: `${server.issuer}/account`,
        nonce: undefined,
        state: undefined,
      }
      return authorizationUrl(server.issuer, 'signet:account', undefined, { ...asked, ...changes })
    }

    it('which is in no list, and whose id nobody can take', async () => {
      expect((await server.parts.clients.list(1_000)).map(({ id }) => id)).to.not.include('signet:account')
      const outcome = await server.parts.clients
        .add({ id: 'signet:account', name: 'X', kind: 'machine' })
        .catch(({ code }) => code)
      expect(outcome).to.equal('invalid_client_metadata')
    })

    it('which leads nowhere but to our own pages, and gets nothing', async () => {
      const { visitor } = await signedIn()
      const good = await visitor.fetch(ask({}))
      expect(good.headers.get('location'), 'the control').to.equal(
        `${server.issuer}/account?iss=${encodeURIComponent(server.issuer)}`,
      )
      for (const redirect_uri of [
        'https://app.example.com/callback',
        `${server.issuer}/`,
        `${server.issuer}/account/x`,
        `${server.issuer}/account/`,
      ])
        expect((await visitor.fetch(ask({ redirect_uri }))).status, redirect_uri).to.equal(400)
      for (const response_type of ['code', 'id_token', 'none code']) {
        const { challenge } = pkce()
        const answer = await visitor.fetch(
          ask({ response_type, code_challenge: challenge, code_challenge_method: 'S256', nonce: 'n' }),
        )
        expect(new URL(answer.headers.get('location')!).href, response_type)
          .to.include('error=')
          .and.not.match(/code=|id_token=/)
      }
    })

    it('as which nobody can act: no secret is good, no grant type is its own', async () => {
      const tries: [string, Record<string, string>][] = [
        ['/token', { grant_type: 'client_credentials' }],
        ['/token', { grant_type: 'authorization_code', code: 'x', redirect_uri: `${server.issuer}/account` }],
        ['/par', Object.fromEntries(ask({}).searchParams)],
        ['/device/auth', { scope: 'openid' }],
        ['/introspection', { token: 'x' }],
      ]
      for (const [path, form] of tries)
        for (const secret of ['', 'secret', undefined]) {
          const body = new URLSearchParams({
            ...form,
            client_id: 'signet:account',
            ...(secret !== undefined && { client_secret: secret }),
          })
          const answer = await fetch(server.issuer + path, { method: 'POST', body })
          expect(answer.status, `${path} ${secret}`).to.be.oneOf([400, 401])
          expect(Object.keys((await answer.json()) as object), path)
            .to.include('error')
            .and.not.include.members(['access_token'])
        }
    })

    it('whose answer no other client can ask for', async () => {
      const { visitor } = await signedIn()
      const { headers } = await visitor.fetch(authorizationUrl(server.issuer, 'web', pkce().challenge, { response_type: 'none' }))
      expect(new URL(headers.get('location')!).searchParams.get('error')).to.equal('unsupported_response_type')
    })
  })

  describe('is called', () => {
    it('as its person says, everywhere from then on', async () => {
      const { visitor } = await signedIn(await newPerson('namely'))
      const form = await visitor.open('/account/name')
      const page = await visitor.submit(form, '/account/name', { name: '  Ada   Lovelace ' })
      expect(page.url.pathname).to.equal('/account')
      expect(page.html).to.include('Ada Lovelace').and.include('Your name is changed.')
      expect((await visitor.open('/account')).html, 'said once').not.to.include('is changed')
      const [entry] = await server.parts.audit.list({ act: 'account.name_set' }, 1)
      expect(entry).to.include({ actor: `account:${entry?.account}`, from: '127.0.0.1' })
    })

    for (const name of ['', ' ', '\u0000', 'a\u0000b', '\u200b', 'x'.repeat(101)])
      it(`not ${JSON.stringify(name).slice(0, 20)}`, async () => {
        const { visitor } = await signedIn()
        const page = await visitor.submit(await visitor.open('/account/name'), '/account/name', { name })
        expect(page.status).to.equal(422)
        expect(page.html).to.include('role="alert"')
        expect((await server.parts.accounts.findByEmail(who.email))?.name).to.equal('ada')
      })
  })

  describe('has another password', () => {
    const next = 'difference engine'
    const change = async (visitor: Visitor, values: Record<string, string> = {}) =>
      visitor.submit(await visitor.open('/account/password'), '/account/password', {
        current: password,
        password: next,
        ...values,
      })
    const isIn = async (visitor: Visitor) => (await visitor.open('/account')).url.pathname === '/account'

    it('S08 T11: which ends every other session and every token, and signs this browser in anew', async () => {
      const email = await newPerson('many-places')
      const { visitor } = await signedIn(email)
      const elsewhere = (await signedIn(email)).visitor
      const native = await tokensFor(server, who.native, {}, (await signedIn(email)).visitor)
      const others = await tokensFor(server, who.native)
      const session = visitor.cookies.get('signet_session /')?.value
      expect((await refresh(server, who.native, native.refresh_token!)).status, 'the control').to.equal(200)
      const page = await change(visitor)
      expect([page.status, page.url.pathname]).to.deep.equal([200, '/account'])
      expect(page.html).to.include('Your password is changed.').and.include(email)
      expect(visitor.cookies.get('signet_session /')?.value).to.be.a('string').and.not.equal(session)
      expect(await isIn(visitor), 'this browser').to.equal(true)
      expect(await isIn(elsewhere), 'another').to.equal(false)
      expect((await refresh(server, who.native, native.refresh_token!)).body.error).to.equal('invalid_grant')
      expect((await refresh(server, who.native, others.refresh_token!)).status, 'somebody else').to.equal(200)
      const asked = await signIn(elsewhere, password, email)
      expect(asked.status).to.equal(422)
      expect((await signIn(elsewhere, next, email)).url.pathname).to.equal('/account')
      const [entry] = await server.parts.audit.list({ act: 'account.password_set' }, 1)
      expect(entry).to.include({ actor: `account:${entry?.account}`, from: '127.0.0.1' })
    })

    it('and whoever signs in by the new one in that very second has tokens that are good', async () => {
      const email = await newPerson('quick')
      const { visitor } = await signedIn(email)
      const { now } = Date
      const second = now()
      Date.now = () => second
      try {
        await change(visitor)
        for (const by of [visitor, createVisitor(server.issuer)]) {
          if (by !== visitor) await signIn(by, next, email)
          const { access_token } = await tokensFor(server, who.own, { scope: 'openid email' }, by)
          const answer = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
          expect([answer.status, ((await answer.json()) as { email?: string }).email]).to.deep.equal([200, email])
        }
      } finally {
        Date.now = now
      }
    })

    const signIn = async (visitor: Visitor, given: string, email: string) =>
      visitor.submit(await visitor.open('/account'), '/sign-in', { email, password: given })

    for (const [what, values, status] of [
      ['the current one is wrong', { current: 'a wrong one' }, 422],
      ['the new one is too short', { password: 'seven77' }, 422],
    ] as [string, Record<string, string>, number][])
      it(`not where ${what}`, async () => {
        const { visitor } = await signedIn()
        const page = await change(visitor, values)
        expect(page.status).to.equal(status)
        expect(page.html).to.include('role="alert"')
        expect(await isIn(visitor)).to.equal(true)
        expect((await server.parts.accounts.authenticate(who.email, password))?.id).to.equal(who.subject)
      })

    it('L05: not by more guesses than a sign-in has', async () => {
      const strict = await startTestServer({ settings: { signIn: { attemptsPerAccount: 3 } } })
      try {
        await cast(strict)
        const visitor = createVisitor(strict.issuer)
        await visitor.submit(await visitor.open('/account'), '/sign-in', { email: who.email, password })
        // In a browser that is known to be this person's they have attempts of their own, at both pages.
        visitor.cookies.delete('signet_device /')
        const guesses = []
        for (let i = 0; i < 5; i++) guesses.push((await change(visitor, { current: 'a wrong one' })).status)
        expect(guesses).to.deep.equal([422, 422, 422, 429, 429])
        const other = createVisitor(strict.issuer)
        expect((await other.submit(await other.open('/account'), '/sign-in', { email: who.email, password })).status).to.equal(
          429,
        )
      } finally {
        await strict.close()
      }
    })

    it('once, when ten ask at once by the same current one', async () => {
      const email = await newPerson('ten-at-once')
      const { visitor } = await signedIn(email)
      const form = await visitor.open('/account/password')
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) => {
          const fields = form.forms[0]!.fields.filter(([name]) => name === 'csrf')
          const body = new URLSearchParams([...fields, ['current', password], ['password', `difference engine ${i}`]])
          return visitor.fetch('/account/password', { method: 'POST', body })
        }),
      )
      expect(answers.filter(({ status }) => status === 303).length).to.be.greaterThan(0)
      const entries = await server.parts.audit.list(
        { act: 'account.password_set', account: (await server.parts.accounts.findByEmail(email))!.id },
        20,
      )
      expect(entries).to.have.length(1)
    })
  })

  describe('is deleted', () => {
    const remove = async (visitor: Visitor, sure: string | undefined, path = '/account/delete') =>
      visitor.submit(await visitor.open(path), '/account/delete', { sure })

    it('S09: by its person, who is signed out everywhere at once and told by letter', async () => {
      const email = await newPerson('leaving')
      const { visitor } = await signedIn(email)
      const elsewhere = (await signedIn(email)).visitor
      const tokens = await tokensFor(server, who.native, {}, elsewhere)
      const page = await remove(visitor, 'yes')
      expect([page.status, page.url.pathname]).to.deep.equal([200, '/account/deleted'])
      for (const one of [visitor, elsewhere]) expect((await one.open('/account')).url.pathname).to.match(/^\/interaction\//)
      expect((await refresh(server, who.native, tokens.refresh_token!)).body.error).to.equal('invalid_grant')
      expect(await server.parts.accounts.findByEmail(email)).to.equal(undefined)
      await letterTo(server, email, 'account-deleted')
      const [entry] = await server.parts.audit.list({ act: 'account.removed' }, 1)
      expect(entry).to.include({ actor: `account:${entry?.account}`, from: '127.0.0.1' })
    })

    it('not without a tick, nor from elsewhere', async () => {
      const email = await newPerson('staying')
      const { visitor } = await signedIn(email)
      expect((await remove(visitor, undefined)).status).to.equal(422)
      const page = await visitor.open('/account/delete')
      const csrf = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
      const send = async (fields: string[][], headers: Record<string, string> = {}) =>
        (
          await visitor.fetch('/account/delete', {
            method: 'POST',
            body: new URLSearchParams([...fields, ['sure', 'yes']]),
            headers,
          })
        ).status
      expect(await send([]), 'S05').to.equal(403)
      expect(await send(csrf, { 'sec-fetch-site': 'cross-site' }), 'S05').to.equal(403)
      expect((await server.parts.accounts.findByEmail(email))?.email).to.equal(email)
    })

    it('S11: not by a sign-in that is older than some minutes', async () => {
      const email = await newPerson('long-ago')
      const { visitor } = await signedIn(email)
      const page = await visitor.open('/account/delete')
      travel(901)
      expect((await visitor.submit(page, '/account/delete', { sure: 'yes' })).url.pathname).to.match(/^\/interaction\//)
      expect((await server.parts.accounts.findByEmail(email))?.email).to.equal(email)
      expect((await visitor.open('/account')).url.pathname, 'still signed in').to.equal('/account')
      const again = await signInAt(visitor, await visitor.open('/account/delete'), email)
      expect((await visitor.submit(again, '/account/delete', { sure: 'yes' })).html).to.include('The account is deleted')
    })
  })

  describe('has forms', () => {
    const forms = { '/account/name': { name: 'Eve' }, '/account/password': { current: password, password: 'difference engine' } }

    for (const [path, values] of Object.entries(forms)) {
      it(`S05: that nobody else can send: ${path}`, async () => {
        const { visitor } = await signedIn()
        const page = await visitor.open(path)
        const { fields } = page.forms[0]!
        const other = (await (await signedIn()).visitor.open(path)).forms[0]!.fields
        const send = async (given: [string, string][], headers: Record<string, string> = {}) => {
          const body = new URLSearchParams([
            ...given.filter(([name]) => name === 'csrf'),
            ...Object.entries({ ...values, ...refused[path] }),
          ])
          return (await visitor.fetch(path, { method: 'POST', body, headers })).status
        }
        expect(await send(fields), 'the control').to.equal(422)
        for (const [what, given] of Object.entries({ none: [], altered: [['csrf', 'x']], 'of another session': other }))
          expect(await send(given as [string, string][]), what).to.equal(403)
        for (const site of ['cross-site', 'same-site']) expect(await send(fields, { 'sec-fetch-site': site }), site).to.equal(403)
        expect(await send(fields, { origin: 'https://evil.example' })).to.equal(403)
        expect(await server.parts.accounts.findByEmail(who.email)).to.include({ name: 'ada' })
      })

      it(`S06 S13: that no page frames and nothing keeps: ${path}`, async () => {
        const { visitor } = await signedIn()
        const { headers } = await visitor.open(path)
        expect(headers.get('content-security-policy')).to.include("frame-ancestors 'none'").and.include("form-action 'self'")
        expect(headers.get('cache-control')).to.equal('no-store')
        expect(headers.get('x-frame-options')).to.equal('DENY')
      })

      it(`that whoever is not signed in any more is asked to sign in by, and nothing is done: ${path}`, async () => {
        const email = await newPerson(`gone-from-${path.slice(9)}`)
        const { visitor } = await signedIn(email)
        const page = await visitor.open(path)
        await server.parts.accounts.disable(email)
        const after = await visitor.submit(page, path, values)
        expect(after.url.pathname, 'S09').to.match(/^\/interaction\//)
        await server.parts.accounts.enable(email)
        expect((await server.parts.accounts.authenticate(email, password))?.name).to.equal(email.split('@')[0])
      })
    }
    /** What a form says no to, so that nothing is changed where it is taken. */
    const refused: Record<string, Record<string, string>> = {
      '/account/name': { name: '' },
      '/account/password': { current: 'a wrong one' },
    }
  })
})
