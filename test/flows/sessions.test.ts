/** Sessions, cookies, forms and sign-out under attack (rows S and O of the security cases), each beside a control that passes. */
import http from 'node:http'
import { expect } from 'chai'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  passThrough,
  password,
  pkce,
  redeem,
  refresh,
  signInPost,
  tokensFor,
} from '../support/story.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const sessionOf = (visitor: Visitor) => [...visitor.cookies].find(([key]) => key.includes('signet_session '))?.[1].value

describe('sessions', () => {
  let server: TestServer
  let who: Cast
  const { challenge } = pkce()
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  it('S01 takes no session id that a visitor brings along, and gives a new one at each sign-in', async () => {
    const visitor = createVisitor(server.issuer)
    visitor.cookies.set('signet_session /', { value: 'chosen-by-the-attacker', path: '/', attributes: '' })
    await codeFor(server, who.web, {}, visitor)
    const first = sessionOf(visitor)
    expect(first).to.be.a('string').and.not.equal('chosen-by-the-attacker')
    await codeFor(server, who.web, { prompt: 'login' }, visitor)
    expect(sessionOf(visitor)).to.not.equal(first)
    const old = createVisitor(server.issuer)
    old.cookies.set('signet_session /', { value: first!, path: '/', attributes: '' })
    expect((await old.open(authorizationUrl(server.issuer, 'web', challenge))).html, 'the former id').to.include(
      'type="password"',
    )
  })

  it('S02 sets its cookies HttpOnly, SameSite, with their path', async () => {
    const { visitor } = await codeFor(server, who.web)
    expect(visitor.cookies.size).to.be.greaterThan(0)
    for (const [name, { attributes }] of visitor.cookies) {
      expect(attributes, name)
        .to.match(/httponly/i)
        .and.match(/samesite=lax/i)
        .and.match(/path=/i)
    }
  })

  it('S04 signs nobody in whose browser did not begin the sign-in', async () => {
    const attacker = createVisitor(server.issuer)
    const page = await attacker.open(authorizationUrl(server.issuer, 'web', challenge))
    const { action, body } = signInPost(page, who.email)
    const victim = await fetch(new URL(action, server.issuer), { method: 'POST', body, redirect: 'manual' })
    expect(victim.status).to.equal(400)
    expect((await attacker.fetch(action, { method: 'POST', body })).status, 'the control').to.equal(303)
  })

  for (const step of ['sign-in', 'select-account', 'consent', 'cancel', 'switch']) {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example.com' },
    ] as Record<string, string>[]) {
      it(`S05 refuses the form ${step} with ${JSON.stringify(headers)}`, async () => {
        const visitor = createVisitor(server.issuer)
        const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge))
        const csrf = page.forms[0]?.fields.find(([name]) => name === 'csrf')?.[1] ?? ''
        const body = new URLSearchParams({ csrf, email: who.email, password, decision: 'allow' })
        const response = await visitor.fetch(`${page.url.pathname}/${step}`, { method: 'POST', body, headers })
        expect(response.status).to.equal(403)
      })
    }
  }
  it('S05 refuses a sign-out confirmed from another site', async () => {
    const { visitor } = await codeFor(server, who.web)
    const page = await visitor.open('/session/end')
    const body = new URLSearchParams([...page.forms[0]!.fields, ['logout', 'yes']])
    const refused = await visitor.fetch('/session/end/confirm', {
      method: 'POST',
      body,
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect(refused.status).to.equal(403)
    const passed = await visitor.fetch('/session/end/confirm', {
      method: 'POST',
      body,
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    expect(passed.status).to.equal(303)
  })

  it('S06 S13 lets no page be framed or cached, whatever its status', async () => {
    const { visitor } = await codeFor(server, who.web)
    const paths = [
      '/',
      '/nothing',
      '/auth',
      '/session/end',
      '/interaction/x',
      '/session/end/success',
      authorizationUrl(server.issuer, 'web', challenge, { prompt: 'consent' }).href,
    ]
    for (const path of paths) {
      const { headers } = await visitor.open(path)
      expect(headers.get('content-security-policy'), path).to.include("frame-ancestors 'none'").and.include("default-src 'none'")
      expect(headers.get('x-frame-options'), path).to.equal('DENY')
      expect(headers.get('cache-control'), path).to.equal('no-store')
    }
  })

  it('S08 ends other sessions and refresh tokens when the password is set anew', async () => {
    const { email } = await server.parts.accounts.add({ email: 'carol@example.com', password })
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge))
    await passThrough(visitor, page, { email })
    expect((await visitor.open(authorizationUrl(server.issuer, 'web', challenge))).leftTo?.searchParams.has('code')).to.equal(
      true,
    )
    await server.parts.accounts.setPassword(email, `${password} 2`)
    expect((await visitor.open(authorizationUrl(server.issuer, 'web', challenge))).html).to.include('type="password"')
  })

  it('S09 ends the session of a disabled person at once', async () => {
    const { email } = await server.parts.accounts.add({ email: 'dora@example.com', password })
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge))
    const consent = await visitor.submit(page, '/sign-in', { email, password })
    await server.parts.accounts.disable(email)
    const answer = await visitor.submit(consent, '/consent', { decision: 'allow' })
    expect(answer.leftTo?.searchParams.has('code') ?? false).to.equal(false)
    expect((await visitor.open(authorizationUrl(server.issuer, 'web', challenge))).html).to.include('type="password"')
    const again = await visitor.submit(await visitor.open(authorizationUrl(server.issuer, 'web', challenge)), '/sign-in', {
      email,
      password,
    })
    expect(again.status).to.equal(422)
  })

  it('S12 believes no Host or X-Forwarded header of a stranger', async () => {
    const port = new URL(server.issuer).port
    const headers = {
      host: 'evil.example.com',
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example.com',
    }
    for (const path of [
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/',
      '/session/end',
      authorizationUrl(server.issuer, 'web', challenge).href.slice(server.issuer.length),
    ]) {
      const text = await new Promise<string>((resolve) => {
        http.get({ host: 'localhost', port, path, headers }, async (response) => {
          const chunks = await Array.fromAsync(response)
          resolve(JSON.stringify(response.headers) + Buffer.concat(chunks))
        })
      })
      expect(text, path).to.not.include('evil.example.com')
    }
  })

  it('S12 counts a stranger’s guesses by its own address, whatever it forwards', async () => {
    const strict = await startTestServer({ settings: { signIn: { attemptsPerAccount: 3, attemptsPerNetwork: 1_000 } } })
    const cast2 = await cast(strict)
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) {
      const visitor = createVisitor(strict.issuer, { 'x-forwarded-for': `203.0.113.${n}` })
      const page = await visitor.open(authorizationUrl(strict.issuer, 'web', challenge))
      statuses.push((await visitor.submit(page, '/sign-in', { email: cast2.email, password: 'wrong' })).status)
    }
    expect(statuses).to.deep.equal([422, 422, 422, 429, 429, 429])
    await strict.close()
  })

  it('S15 leads nowhere that a request names but to a registered redirect URI', async () => {
    const { visitor } = await codeFor(server, who.web)
    for (const target of ['//evil.example.com', '/\\evil.example.com', 'https://evil.example.com', '/%09/evil.example.com']) {
      for (const name of ['return_to', 'next', 'redirect', 'post_logout_redirect_uri', 'target_link_uri']) {
        const page = await visitor.open(`/session/end?${new URLSearchParams({ [name]: target })}`)
        expect(page.leftTo, `${name}=${target}`).to.equal(undefined)
      }
    }
  })

  it('L06 says the same of an unknown person, a wrong password and a disabled account', async () => {
    await server.parts.accounts.add({ email: 'off@example.com', password })
    await server.parts.accounts.disable('off@example.com')
    const answers = new Set<string>()
    for (const email of ['nobody@example.com', who.email, 'off@example.com']) {
      const visitor = createVisitor(server.issuer)
      const page = await visitor.open(authorizationUrl(server.issuer, 'web', challenge))
      const answer = await visitor.submit(page, '/sign-in', { email, password: email === 'off@example.com' ? password : 'wrong' })
      answers.add(
        `${answer.status} ${answer.html.replaceAll(email, 'E').replace(/\/interaction\/[^/"]+|[?]for=[^"]+|value="[^"]{43}"/g, '')}`,
      )
    }
    expect(answers.size).to.equal(1)
  })

  it('switching the account leaves the session and begins the request anew', async () => {
    const { visitor } = await codeFor(server, who.web)
    const consent = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'consent' }))
    const page = await visitor.submit(consent, '/switch', {})
    expect(page.html).to.include('type="password"')
    await server.parts.accounts.add({ email: 'eve@example.com', password })
    const next = await visitor.submit(page, '/sign-in', { email: 'eve@example.com', password })
    expect(next.html).to.include('eve@example.com')
  })

  describe('lifetimes', () => {
    const url = () => authorizationUrl(server.issuer, 'web', challenge)
    /** When the browser is to forget the session, in seconds since the epoch; undefined when the request is not answered with a code. */
    async function visit(visitor: Visitor): Promise<number | undefined> {
      const response = await visitor.fetch(url().href)
      if (!response.headers.get('location')?.includes('code=')) return undefined
      const cookie = response.headers.getSetCookie().find((one) => one.startsWith('signet_session='))
      return Date.parse(/expires=([^;]+)/i.exec(cookie ?? '')?.[1] ?? '') / 1000
    }

    async function lasts(visitor: Visitor, seconds: number): Promise<void> {
      const before = now()
      const end = await visit(visitor)
      expect(end).to.be.within(before + seconds, now() + seconds)
    }

    it('end when nobody came for the idle lifetime', async () => {
      const { sessionIdleSeconds: idle } = server.settings.lifetimes
      const { visitor } = await codeFor(server, who.web)
      travel(idle - 10)
      await lasts(visitor, idle)
      travel(idle + 1)
      expect(await visit(visitor)).to.equal(undefined)
      expect((await visitor.open(url())).html).to.include('type="password"')
    })

    it('end at the absolute lifetime since the sign-in, however often somebody came, and the cookie with them', async () => {
      const { sessionIdleSeconds: idle, sessionSeconds: absolute } = server.settings.lifetimes
      const before = now()
      const { visitor } = await codeFor(server, who.web)
      const after = now()
      for (const seconds of [idle - 10, idle - 10]) {
        travel(seconds)
        expect(await visit(visitor)).to.be.at.most(after + absolute)
      }
      expect(await visit(visitor)).to.be.within(before + absolute, after + absolute)
      travel(absolute - 2 * (idle - 10) + 1)
      expect((await visitor.open(url())).html).to.include('type="password"')
    })

    it('begin anew with a sign-in', async () => {
      const { sessionIdleSeconds: idle } = server.settings.lifetimes
      const { visitor } = await codeFor(server, who.web)
      travel(idle - 10)
      await codeFor(server, who.web, { prompt: 'login' }, visitor)
      travel(idle - 10)
      await lasts(visitor, idle)
    })
  })

  describe('sign-out', () => {
    const end = (parameters: Record<string, string>) => `/session/end?${new URLSearchParams(parameters)}`
    const bye = 'https://app.example.com/bye'

    it('O01 asks first, without a hint as with one, and signs nobody out by a link alone', async () => {
      const signed = await codeFor(server, who.web)
      const { id_token: hint } = (await redeem(server, who.web, signed)).body
      for (const url of ['/session/end', end({ id_token_hint: hint!, post_logout_redirect_uri: bye })]) {
        const page = await signed.visitor.open(url)
        expect(page.leftTo).to.equal(undefined)
        expect(page.html).to.include('name="logout"')
      }
      expect(
        (
          await signed.visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'none' }))
        ).leftTo?.searchParams.has('code'),
      ).to.equal(true)
    })
    it('signs out by the form, ends what hangs on the session, and leads back with the state', async () => {
      const signed = await codeFor(server, who.web)
      const { id_token: hint, refresh_token: token } = (await redeem(server, who.web, signed)).body
      const page = await signed.visitor.open(end({ id_token_hint: hint!, post_logout_redirect_uri: bye, state: 's' }))
      const done = await signed.visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
      expect(done.leftTo?.href).to.equal(`${bye}?state=s`)
      expect((await signed.visitor.open(authorizationUrl(server.issuer, 'web', challenge))).html).to.include('type="password"')
      expect((await refresh(server, who.web, token!)).body.error).to.equal('invalid_grant')
    })
    it('keeps what a person allowed to go on while they are away', async () => {
      const signed = await codeFor(server, who.native, { scope: 'openid offline_access notes:read', prompt: 'consent' })
      const { refresh_token: token } = (await redeem(server, who.native, signed)).body
      await signed.visitor.submit(await signed.visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
      expect((await refresh(server, who.native, token!)).status).to.equal(200)
    })
    for (const uri of ['https://evil.example.com/', `${bye}?x=1`, `${bye}/`, 'https://app.example.com/callback']) {
      it(`O02 does not lead to the unregistered ${uri}`, async () => {
        const { id_token: hint } = await tokensFor(server, who.web)
        const page = await createVisitor(server.issuer).open(end({ id_token_hint: hint!, post_logout_redirect_uri: uri }))
        expect(page.status).to.equal(400)
        expect(page.leftTo).to.equal(undefined)
      })
    }
    it('O03 refuses a forged hint and one of another client, and takes an expired one', async () => {
      const { id_token: hint } = await tokensFor(server, who.web)
      const visitor = createVisitor(server.issuer)
      const status = async (parameters: Record<string, string>) => (await visitor.open(end(parameters))).status
      const [header, payload] = hint!.split('.') as [string, string]
      expect(await status({ id_token_hint: `${header}.${payload}.${'A'.repeat(86)}` }), 'forged').to.equal(400)
      const none = Buffer.from('{"alg":"none"}').toString('base64url')
      expect(await status({ id_token_hint: `${none}.${payload}.` }), 'unsigned').to.equal(400)
      expect(await status({ id_token_hint: hint!, client_id: 'spa' }), 'another client’s').to.equal(400)
      travel(server.settings.lifetimes.idTokenSeconds + 60)
      expect(await status({ id_token_hint: hint! }), 'expired').to.equal(200)
    })
  })
})

describe('sessions in production', () => {
  it('S02 are Secure cookies bound to the host, over whatever connection the proxy came', async () => {
    const server = await startTestServer({ issuer: 'https://id.example.com' })
    await cast(server)
    const address = `http://localhost:${server.port}`
    const url = authorizationUrl(address, 'web', pkce().challenge)
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
    expect(response.status).to.equal(303)
    const cookies = response.headers.getSetCookie()
    expect(cookies.length).to.be.greaterThan(0)
    for (const cookie of cookies)
      expect(cookie)
        .to.match(/^__Secure-/)
        .and.match(/; secure/i)
        .and.match(/; httponly/i)
        .and.match(/; samesite=lax/i)
    expect(response.headers.get('strict-transport-security')).to.match(/max-age=\d{8}/)

    const visitor = createVisitor(address)
    const page = await visitor.open(url)
    const consent = await visitor.submit({ ...page, url: new URL(page.url.pathname, address) }, '/sign-in', {
      email: 'ada@example.com',
      password,
    })
    expect(consent.leftTo?.href, 'redirects name the issuer').to.match(/^https:\/\/id\.example\.com\/auth\//)
    const resumed = await visitor.fetch(consent.leftTo!.pathname)
    const session = resumed.headers.getSetCookie().find((cookie) => cookie.includes('session='))
    expect(session)
      .to.match(/^__Host-signet_session=/)
      .and.match(/; path=\/;/i)
      .and.match(/; secure/i)
      .and.not.match(/domain=/i)
    await server.close()
  })
})
