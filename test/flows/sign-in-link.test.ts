/** Signing in by a link from a letter: in the browser that asked, in another, once, and for whom it is nothing. */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import type { Received } from '../../src/mail/inbox.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  type Parameters,
  passThrough,
  password,
  pkce,
  redeem,
  signedFrom,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { countWrites } from '../support/writes.ts'

const [weak, strong] = ['urn:example:link', 'urn:example:password']

describe('signing in by link', () => {
  let server: TestServer
  let who: Cast
  const known = new Map<string, Received>()
  before(async () => {
    const signIn = {
      attemptsPerAccount: 1_000,
      attemptsPerNetwork: 100_000,
      byLink: true,
      newDeviceLetters: false,
      acrValues: [strong],
      linkAcrValues: [weak],
    }
    server = await startTestServer({ settings: { signIn } })
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const { verifier, challenge } = pkce()
  const url = (changes: Parameters = {}, client = 'own') => authorizationUrl(server.issuer, client, challenge, changes)
  const begin = (visitor: Visitor, changes: Parameters = {}) => visitor.open(url(changes))
  const browser = () => createVisitor(server.issuer)

  /** What "E-mail me a link" sends: the form of the sign-in page, elsewhere. */
  async function ask(visitor: Visitor, page: Page, email = who.email): Promise<Page> {
    const fields = page.forms.find(({ action }) => action.endsWith('/sign-in'))!.fields.filter(([name]) => name === 'csrf')
    const answer = await visitor.fetch(`${page.url.pathname}/link`, {
      method: 'POST',
      body: new URLSearchParams([...fields, ['email', email]]),
    })
    return { ...page, status: answer.status, headers: answer.headers, html: await answer.text() }
  }
  async function linkTo(email = who.email): Promise<string> {
    const letter = await letterTo(server, email, 'sign-in-link', known.get(email))
    known.set(email, letter)
    return linkOf(letter)
  }
  /** Asks and reads the letter. */
  async function asked(visitor = browser(), changes: Parameters = {}): Promise<{ visitor: Visitor; page: Page; link: string }> {
    const page = await begin(visitor, changes)
    expect((await ask(visitor, page)).status).to.equal(200)
    return { visitor, page, link: await linkTo() }
  }
  const confirm = (visitor: Visitor, page: Page) => visitor.submit(page, page.url.pathname, {})
  const follow = async (visitor: Visitor, link: string) => confirm(visitor, await visitor.open(link))
  const codeOf = ({ leftTo }: Page) => leftTo?.searchParams.get('code')
  const canConfirm = (page: Page) => page.forms.some(({ action }) => action.startsWith('/link/'))

  it('goes on where it was asked for, and says that it is worth less than a password', async () => {
    const { visitor, link } = await asked(browser(), { acr_values: `${strong} ${weak}` })
    const page = await visitor.open(link)
    expect(page.html).to.include('The own app').and.include(who.email)
    const { leftTo } = await confirm(visitor, page)
    const { body } = await redeem(server, who.own, signedFrom(url(), leftTo, verifier, visitor))
    const claims = decodeJwt(body.access_token as string)
    expect(claims).to.include({ sub: who.subject, acr: weak })
    expect(claims.amr).to.deep.equal(['email'])
  })

  it('signs in where it is opened, at the own account, when it was asked for elsewhere', async () => {
    const { page: waiting, visitor: first, link } = await asked()
    const visitor = browser()
    const page = await visitor.open(link)
    expect(page.html).to.include('asked for last in this browser')
    const { action, fields } = page.forms[0]!
    const answer = await visitor.fetch(action, { method: 'POST', body: new URLSearchParams(fields) })
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/account'])
    expect(codeOf(await begin(visitor)), 'the next sign-in there').to.be.a('string')
    expect((await first.open(waiting.url)).html, 'the browser that asked').to.include('/sign-in"')
  })

  it('goes on in the tab that asked last, and signs in beside it by the link of another', async () => {
    const { visitor, link: first } = await asked()
    const { link: last } = await asked(visitor)
    expect((await visitor.open(first)).html).to.include('asked for last in this browser')
    expect(codeOf(await follow(visitor, last))).to.be.a('string')
  })

  it('M08 is used up by its form alone: not by whoever looks, twice', async () => {
    const { visitor, link } = await asked()
    for (const method of ['GET', 'GET', 'HEAD']) await browser().fetch(link, { method })
    expect(canConfirm(await browser().open(link))).to.equal(true)
    expect(codeOf(await follow(visitor, link))).to.be.a('string')
  })

  it('M01 begins one session, whoever has it, twenty at once', async () => {
    const { link } = await asked()
    const visitors = Array.from({ length: 20 }, browser)
    const pages = await Promise.all(visitors.map((visitor) => visitor.open(link)))
    await Promise.all(
      pages.map(({ forms: [form] }, i) =>
        visitors[i]!.fetch(form!.action, { method: 'POST', body: new URLSearchParams(form!.fields) }),
      ),
    )
    const answers = await Promise.all(visitors.map((visitor) => begin(visitor)))
    expect(answers.filter(codeOf)).to.have.length(1)
    expect((await browser().open(link)).status).to.equal(410)
  })

  const ends: [string, (email: string) => Promise<unknown> | unknown][] = [
    ['a sign-in by password', (email) => signInAs(email)],
    ['a new password', (email) => server.parts.accounts.setPassword(email, password)],
    ['the end of its account', (email) => server.parts.accounts.disable(email)],
    ['half an hour', () => travel(1_801)],
  ]
  const signInAs = async (email: string) => {
    const visitor = browser()
    await passThrough(visitor, await begin(visitor), { email })
  }
  for (const [what, end] of ends) {
    it(`M02 M03 ends with ${what}, open in a browser or not, and says what to do next`, async () => {
      const email = `${what.replaceAll(' ', '-')}@example.com`
      await server.parts.accounts.add({ email, password })
      const visitor = browser()
      await ask(visitor, await begin(visitor), email)
      const link = await linkTo(email)
      const open = await visitor.open(link)
      expect(canConfirm(open), 'the control').to.equal(true)
      await end(email)
      for (const page of [await confirm(visitor, open), await browser().open(link)]) {
        expect(page.status).to.be.oneOf([410, 422])
        expect(page.html).to.include('href="/account"')
        expect(codeOf(page)).to.equal(undefined)
      }
    })
  }

  it('is not ended by a stranger who asks for another', async () => {
    const { visitor, link } = await asked()
    await asked()
    expect(codeOf(await follow(visitor, link))).to.be.a('string')
  })

  it('is not the answer to whoever needs a password', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: [strong] } } })
    expect((await begin(browser(), { claims })).html).to.not.include('E-mail me a link')
    expect((await begin(browser())).html, 'the control').to.include('E-mail me a link')
  })

  it('S04 signs nobody in who only opens it, and says as whom it would', async () => {
    const { link } = await asked()
    const victim = browser()
    const page = await victim.open(link)
    expect(page.html).to.include(who.email)
    expect(codeOf(await begin(victim))).to.equal(undefined)
    const { action, fields } = page.forms[0]!
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      const forged = await victim.fetch(action, { method: 'POST', body: new URLSearchParams(fields), headers })
      expect(forged.status).to.equal(403)
    }
    expect((await victim.fetch(action, { method: 'POST', body: new URLSearchParams({}) })).status).to.equal(403)
    expect((await confirm(victim, page)).status, 'the control').to.not.equal(403)
  })

  it('S01 ends the session of whoever else is signed in there, which it said before', async () => {
    const email = 'grace@example.com'
    await server.parts.accounts.add({ email, password })
    const visitor = browser()
    await passThrough(visitor, await begin(visitor), { email })
    const before = visitor.cookies.get('signet_session /')?.value
    const { link } = await asked()
    const page = await visitor.open(link)
    expect(page.html).to.include(email).and.include('will be signed out')
    await confirm(visitor, page)
    const { body } = await redeem(server, who.own, signedFrom(url(), (await begin(visitor)).leftTo, verifier, visitor))
    expect(decodeJwt(body.access_token as string).sub).to.equal(who.subject)
    expect(visitor.cookies.get('signet_session /')?.value).to.not.equal(before)
  })

  it('L06 tells nobody whether there is an account: the same answer, byte for byte, and no letter', async () => {
    const visitor = browser()
    const page = await begin(visitor)
    const [there, nobody] = ['ada@example.com', 'eve@example.com']
    const { links } = server.parts
    const { urlOf } = links
    let made = 0
    links.urlOf = (purpose, content) => {
      made++
      return urlOf(purpose, content)
    }
    const answers = [await ask(visitor, page, there), await ask(visitor, page, nobody)]
    links.urlOf = urlOf
    expect(made, 'links that were signed').to.equal(2)
    const ofBoth = answers.map(({ status, html, headers }, i) => [
      status,
      html.replaceAll([there, nobody][i] as string, 'x'),
      [...headers].filter(([name]) => !['date', 'x-request-id', 'set-cookie'].includes(name)),
      headers.getSetCookie().map((cookie) => [cookie.split('=')[0], cookie.length]),
    ])
    expect(ofBoth[0]).to.deep.equal(ofBoth[1])
    await linkTo(there)
    expect((await lettersOf(server)).filter(({ to }) => to === nobody)).to.deep.equal([])
  })

  it('L12 sends to the address that the account has, however it was typed', async () => {
    const visitor = browser()
    await ask(visitor, await begin(visitor), 'ADA@Example.com')
    expect(await linkTo(who.email)).to.include('/link/sign-in?token=')
  })

  it('M07 leads to the issuer, whatever host the request named', async () => {
    const visitor = createVisitor(server.issuer, { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' })
    await ask(visitor, await begin(visitor))
    expect(new URL(await linkTo()).origin).to.equal(server.issuer)
  })

  it('is not offered, and answers nothing, unless the settings say so', async () => {
    const closed = await startTestServer()
    await cast(closed)
    const visitor = createVisitor(closed.issuer)
    const page = await visitor.open(authorizationUrl(closed.issuer, 'own', challenge))
    expect(page.html).to.not.include('E-mail me a link')
    expect((await ask(visitor, page)).status).to.equal(404)
    expect((await visitor.open('/link/sign-in?token=x')).status).to.equal(404)
    await closed.close()
  })

  it('says so when what was typed is no address', async () => {
    const visitor = browser()
    const answer = await ask(visitor, await begin(visitor), 'ada')
    expect([answer.status, answer.html.includes('invalid_email') || answer.html.includes('Enter your e-mail')]).to.deep.equal([
      422,
      true,
    ])
  })

  it('S13 is on no page that is kept', async () => {
    const { visitor, page, link } = await asked()
    for (const answer of [await visitor.fetch(page.url), await visitor.fetch(link), await visitor.open(link)])
      expect(answer.headers.get('cache-control')).to.equal('no-store')
  })

  it('writes nothing for whoever asks, and one column more for whoever signs in', async () => {
    const writtenBy = countWrites(server)
    const { visitor, link } = await asked()
    expect(await writtenBy(() => asked())).to.deep.equal({ durable: [], volatile: [] })
    const byLink = await writtenBy(() => follow(visitor, link))
    expect(byLink).to.deep.equal(await writtenBy(() => codeFor(server, who.own)))
  })
})
