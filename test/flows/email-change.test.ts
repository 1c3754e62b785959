/** Another address for an account: proven, told to the old one, and taken back by whoever has that. */
import { expect } from 'chai'
import type { LetterKind } from '../../src/mail/letters.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { tally, warmRace } from '../support/race.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, password, refresh, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('a change of the e-mail address', () => {
  const next = 'difference engine'
  let server: TestServer
  let who: Cast
  let people = 0

  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())
  afterEach(returnToPresent)

  const accounts = () => server.parts.accounts
  const newAddress = () => `address${++people}@example.com`
  const newPerson = () => accounts().add({ email: newAddress(), password, name: 'Grace Hopper' })
  const newVisitor = () => createVisitor(server.issuer)
  const emailOf = async (id: string) => (await accounts().findActive(id))?.email
  const signIn = async (visitor: Visitor, page: Page, email: string, given = password) =>
    visitor.submit(page, '/sign-in', { email, password: given })
  async function signedIn(email: string, path = '/account/email', given = password): Promise<{ visitor: Visitor; page: Page }> {
    const visitor = newVisitor()
    return { visitor, page: await signIn(visitor, await visitor.open(path), email, given) }
  }
  const ask = async ({ visitor, page }: { visitor: Visitor; page: Page }, email: string) =>
    visitor.submit(page, '/account/email', { email })
  const confirm = (visitor: Visitor, page: Page) => visitor.submit(page, page.url.pathname, {})
  const letters = async (to: string, kind: LetterKind) =>
    (await lettersOf(server)).filter((one) => one.to === to && one.kind === kind)

  /** From one address to another, all of it. @returns the link that takes it back */
  async function change(from: string, to: string, given = password): Promise<string> {
    const person = await signedIn(from, '/account/email', given)
    const known = (await letters(from, 'email-changed'))[0]
    const asked = (await letters(to, 'email-change'))[0]
    await ask(person, to)
    const page = await person.visitor.open(linkOf(await letterTo(server, to, 'email-change', asked)))
    const done = await confirm(person.visitor, page)
    expect(done.html, `${from} to ${to}`).to.include('Your e-mail address is changed.')
    return linkOf(await letterTo(server, from, 'email-changed', known))
  }
  async function undo(link: string): Promise<Page> {
    const visitor = newVisitor()
    const page = await visitor.open(link)
    return page.forms.length > 0 ? confirm(visitor, page) : page
  }

  it('is proven by a letter to the new one, told to the old one, and signs nobody out', async () => {
    const { id, email } = await newPerson()
    const to = newAddress()
    const person = await signedIn(email)
    const elsewhere = (await signedIn(email, '/account')).visitor
    const sent = await ask(person, to)
    expect(sent.html).to.include(to)
    const { visitor } = person
    const page = await visitor.open(linkOf(await letterTo(server, to, 'email-change')))
    expect(page.url.search, 'M09').to.equal('')
    expect(page.html).to.include(to).and.include(email)
    expect([await emailOf(id), await letters(email, 'email-changed')], 'M08').to.deep.equal([email, []])
    const done = await confirm(visitor, page)
    expect([done.status, done.url.pathname]).to.deep.equal([200, '/account'])
    expect(done.html).to.include(to).and.include('Your e-mail address is changed.').and.not.include('Not confirmed')
    expect((await elsewhere.open('/account')).html).to.include(to)
    expect((await letterTo(server, email, 'email-changed')).text).to.include('e-mail address of your account')
    expect((await accounts().findActive(id))?.emailVerifiedAt).to.be.a('number')
    expect(
      (await signIn(newVisitor(), await newVisitor().open('/account'), email).catch(() => ({ status: 0 }))).status,
    ).not.to.equal(200)
    expect((await signedIn(to, '/account')).page.url.pathname).to.equal('/account')
    const [entry] = await server.parts.audit.list({ act: 'account.email_set', account: id }, 2)
    expect(entry).to.include({ actor: `account:${id}`, from: '127.0.0.1' })
  })

  it('is confirmed signed in: in another browser its person signs in first and comes back', async () => {
    const { id, email } = await newPerson()
    const to = newAddress()
    await ask(await signedIn(email), to)
    const visitor = newVisitor()
    const asked = await visitor.open(linkOf(await letterTo(server, to, 'email-change')))
    expect(asked.url.pathname).to.match(/^\/interaction/)
    const page = await signIn(visitor, asked, email)
    expect(page.url.pathname).to.match(/^\/link\/email-change\//)
    await confirm(visitor, page)
    expect(await emailOf(id)).to.equal(to)
  })

  it('M05: is confirmed by nobody else', async () => {
    const [one, other] = [await newPerson(), await newPerson()]
    const to = newAddress()
    await ask(await signedIn(one.email), to)
    const { visitor } = await signedIn(other.email, '/account')
    const page = await visitor.open(linkOf(await letterTo(server, to, 'email-change')))
    expect(page.status).to.equal(403)
    expect(page.html).to.include('href="/session/end"')
    expect([await emailOf(one.id), await emailOf(other.id)]).to.deep.equal([one.email, other.email])
  })

  it('S11: is asked for and confirmed by a sign-in of these minutes alone', async () => {
    const { id, email } = await newPerson()
    const to = newAddress()
    const person = await signedIn(email)
    expect((await person.visitor.open('/account/email')).url.pathname, 'the control').to.equal('/account/email')
    await ask(person, to)
    const link = linkOf(await letterTo(server, to, 'email-change'))
    const page = await person.visitor.open(link)
    travel(901)
    expect((await person.visitor.open('/account')).url.pathname, 'still signed in').to.equal('/account')
    expect((await person.visitor.open('/account/email')).url.pathname).to.match(/^\/interaction/)
    expect((await ask(person, newAddress())).url.pathname).to.match(/^\/interaction/)
    expect((await confirm(person.visitor, page)).url.pathname).to.match(/^\/interaction/)
    expect(await emailOf(id)).to.equal(email)
    const again = await signIn(person.visitor, await person.visitor.open(link), email)
    expect((await confirm(person.visitor, again)).html).to.include('is changed')
  })

  it('L06: tells nobody that another account has the address; the letter there does', async () => {
    const { email } = await newPerson()
    const other = await newPerson()
    const free = other.email.replace('address', 'nothing')
    const answer = async (to: string) => {
      const { status, html } = await ask(await signedIn(email), to)
      return { status, html: html.replaceAll(to, 'ADDRESS') }
    }
    expect(await answer(other.email)).to.deep.equal(await answer(free))
    expect((await letterTo(server, other.email, 'address-in-use')).text).not.to.include(email)
    await letterTo(server, free, 'email-change')
    expect(await letters(other.email, 'email-change')).to.deep.equal([])
  })

  for (const bad of ['', 'ada', 'a@b@c', `${'é'.repeat(64)}@${'é'.repeat(100)}.example.com`])
    it(`is not asked for with ${JSON.stringify(bad).slice(0, 12)}`, async () => {
      const { email } = await newPerson()
      const page = await ask(await signedIn(email), bad)
      expect(page.status).to.equal(422)
      expect(page.html).to.include('role="alert"')
      expect((await ask(await signedIn(email), email)).status, 'its own').to.equal(422)
    })

  it('L12: to another spelling of an address that is somebody’s finds it taken, and to one of its own does not', async () => {
    const { id, email } = await newPerson()
    const other = await accounts().add({ email: 'kelvin@example.com', password })
    const before = await letters(other.email, 'address-in-use')
    await ask(await signedIn(email), '\u212aELVIN@example.com')
    await letterTo(server, other.email, 'address-in-use', before[0])
    await change(email, email.toUpperCase())
    expect(await emailOf(id)).to.equal(email.toUpperCase())
  })

  it('finds an address that was taken meanwhile taken, kindly', async () => {
    const { id, email } = await newPerson()
    const to = newAddress()
    const person = await signedIn(email)
    await ask(person, to)
    const page = await person.visitor.open(linkOf(await letterTo(server, to, 'email-change')))
    await accounts().add({ email: to, password })
    const refused = await confirm(person.visitor, page)
    expect(refused.status).to.equal(409)
    expect(refused.html).to.include('another account with this address')
    expect(await emailOf(id)).to.equal(email)
  })

  it('M01 M02: is over after its use, another change, and a new password', async () => {
    const { email } = await newPerson()
    const [first, second] = [newAddress(), newAddress()]
    const person = await signedIn(email)
    await ask(person, first)
    await ask(person, second)
    const links = [linkOf(await letterTo(server, first, 'email-change')), linkOf(await letterTo(server, second, 'email-change'))]
    await confirm(person.visitor, await person.visitor.open(links[0]!))
    for (const link of links) expect((await person.visitor.open(link)).status).to.equal(410)
    const [known] = await letters(second, 'email-change')
    await ask({ ...person, page: await person.visitor.open('/account/email') }, second)
    const third = linkOf(await letterTo(server, second, 'email-change', known))
    await accounts().setPassword(first, next)
    expect((await (await signedIn(first, '/account', next)).visitor.open(third)).status).to.equal(410)
  })

  describe('is taken back', () => {
    const isPassword = async (email: string, given: string) => (await accounts().authenticate(email, given)) !== undefined

    it('by whoever has the old address: it is theirs again, nobody is signed in, and a letter brings another password', async () => {
      const { id, email } = await newPerson()
      const to = newAddress()
      const link = await change(email, to)
      const thief = await signedIn(to, '/account')
      const tokens = await tokensFor(server, who.native, {}, thief.visitor)
      const page = await undo(link)
      expect(page.html).to.include('Your account is yours again')
      expect(await emailOf(id)).to.equal(email)
      expect((await thief.visitor.open('/account')).url.pathname).to.match(/^\/interaction/)
      expect((await refresh(server, who.native, tokens.refresh_token!)).body.error).to.equal('invalid_grant')
      expect(await isPassword(email, password)).to.equal(false)
      await letterTo(server, to, 'email-restored')
      const visitor = newVisitor()
      const choose = await visitor.open(linkOf(await letterTo(server, email, 'recovery')))
      await visitor.submit(choose, choose.url.pathname, { password: next })
      expect(await isPassword(email, next)).to.equal(true)
      expect((await undo(link)).status, 'M01').to.equal(410)
    })

    it('also after the thief has changed the password and the address once more, whose own link is over then', async () => {
      const { id, email } = await newPerson()
      const [b, c] = [newAddress(), newAddress()]
      const first = await change(email, b)
      await accounts().setPassword(b, next)
      const second = await change(b, c, next)
      await undo(first)
      expect(await emailOf(id)).to.equal(email)
      expect((await undo(second)).status).to.equal(410)
      expect(await emailOf(id)).to.equal(email)
    })

    it('also after the thief has taken the second change back, to be quicker', async () => {
      const { id, email } = await newPerson()
      const [b, c] = [newAddress(), newAddress()]
      const first = await change(email, b)
      await undo(await change(b, c))
      expect(await emailOf(id)).to.equal(b)
      await undo(first)
      expect(await emailOf(id)).to.equal(email)
    })

    it('M01: once by fifty at once', async () => {
      const { id, email } = await newPerson()
      const link = await change(email, newAddress())
      const visitor = newVisitor()
      const page = await visitor.open(link)
      const [csrf] = page.forms[0]!.fields
      const cookie = [...visitor.cookies].map(([name, { value }]) => `${name.split(' ')[0]}=${value}`).join('; ')
      const race = await warmRace([Number(new URL(server.issuer).port)], 50)
      const answers = await race.post(page.url.pathname, new URLSearchParams([csrf!]), { cookie, accept: 'text/html' })
      race.close()
      expect(tally(answers)).to.deep.equal({ 200: 1, 410: 49 })
      expect(await server.parts.audit.list({ act: 'account.email_restored', account: id }, 60)).to.have.length(1)
    })

    it('M03: within two weeks, and not by whoever had the address long ago', async () => {
      const { id, email } = await newPerson()
      const to = newAddress()
      const link = await change(email, to)
      travel(14 * 86_400 + 1)
      expect((await undo(link)).status).to.equal(410)
      expect(await emailOf(id)).to.equal(to)
    })

    it('not while another account has the old address', async () => {
      const { id, email } = await newPerson()
      const to = newAddress()
      const link = await change(email, to)
      await accounts().add({ email, password })
      expect((await undo(link)).status).to.equal(409)
      expect(await emailOf(id)).to.equal(to)
    })

    it('M08: not by what opens links ahead of people', async () => {
      const { id, email } = await newPerson()
      const to = newAddress()
      const link = await change(email, to)
      await newVisitor().open(link)
      await newVisitor().fetch(link, { method: 'HEAD' })
      expect(await emailOf(id)).to.equal(to)
    })

    it('of five changes at most, before which another has to wait', async () => {
      const { email } = await newPerson()
      let at = email
      for (let i = 0; i < 5; i++) {
        const to = newAddress()
        await change(at, to)
        at = to
      }
      const page = await ask(await signedIn(at), newAddress())
      expect(page.status).to.equal(422)
      expect(page.html).to.include('too often')
    })
  })
})
