/** Signing up: a letter, a link, and an account when it is used; for whom it is nothing, and what nobody is told. */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import type { Received } from '../../src/mail/inbox.ts'
import { reseal } from '../../src/main/reseal.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, signedFrom } from '../support/story.ts'
import { rowsOf } from '../support/strangers.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { countWrites } from '../support/writes.ts'

const password = 'four words of no kin'
const name = 'Grace Hopper'

/** An account, and the entry that tells of it. */
const withOneMore = (rows: Record<string, number>) => ({
  ...rows,
  'durable accounts': rows['durable accounts']! + 1,
  'durable audit': rows['durable audit']! + 1,
})

describe('signing up', () => {
  let server: TestServer
  let who: Cast
  const known = new Map<string, Received>()
  before(async () => {
    server = await startTestServer({ settings: { registration: { open: true, roles: ['editor'] } } })
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const { verifier, challenge } = pkce()
  const browser = () => createVisitor(server.issuer)
  let drawn = 0
  const newAddress = () => `person-${++drawn}@example.com`
  const find = (email: string) => server.parts.accounts.findByEmail(email)

  async function ask(email: string, visitor = browser(), typed: Record<string, string> = {}, path = '/sign-up'): Promise<Page> {
    return visitor.submit(await visitor.open(path), '/sign-up', { email, name, password, ...typed })
  }
  async function linkTo(email: string): Promise<string> {
    const letter = await letterTo(server, email, 'sign-up', known.get(email))
    known.set(email, letter)
    return linkOf(letter)
  }
  /** Asks and reads the letter. */
  async function asked(email = newAddress(), visitor = browser()): Promise<{ email: string; visitor: Visitor; link: string }> {
    const sent = await ask(email, visitor)
    expect(sent.status).to.equal(200)
    expect(sent.html).to.include('with one click')
    return { email, visitor, link: await linkTo(email) }
  }
  const confirm = (visitor: Visitor, page: Page, typed: Record<string, string> = {}) =>
    visitor.submit(page, page.url.pathname, typed)
  const follow = async (visitor: Visitor, link: string, typed: Record<string, string> = {}) =>
    confirm(visitor, await visitor.open(link), typed)
  /** What the form of the page posts, no redirect followed. */
  function post(visitor: Visitor, { forms: [form] }: Page, typed: [string, string][] = []): Promise<Response> {
    return visitor.fetch(form!.action, { method: 'POST', body: new URLSearchParams([...form!.fields, ...typed]) })
  }

  it('takes one click in the browser that asked, and ends signed in at the app that was waiting', async () => {
    const visitor = browser()
    const email = newAddress()
    const url = authorizationUrl(server.issuer, 'own', challenge)
    const signIn = await visitor.open(url)
    const way = /href="(\/sign-up\?for=[^"]+)"/.exec(signIn.html)?.[1] as string
    await ask(email, visitor, {}, way)
    const { leftTo } = await follow(visitor, await linkTo(email))
    const { body } = await redeem(server, who.own, signedFrom(url, leftTo, verifier, visitor))
    const account = (await find(email))!
    expect(account).to.deep.include({ name, email, roles: ['editor'] })
    expect(decodeJwt(body.access_token as string)).to.deep.include({ sub: account.id, amr: ['email'] })
    const [entry] = await server.parts.store.audit.list({ act: 'account.registered', account: account.id }, 5)
    expect(entry).to.include({ actor: `account:${account.id}`, act: 'account.registered' })
  })

  it('ends at the own account where nobody was waiting, and the password is good from then on', async () => {
    const { email, visitor, link } = await asked()
    expect(await server.parts.accounts.authenticate(email, password), 'L13 before the letter').to.equal(undefined)
    const page = await follow(visitor, link)
    expect([page.status, page.url.pathname]).to.deep.equal([200, '/account'])
    expect(page.html).to.include(email).and.not.include('Not confirmed')
    const tokens = (await redeem(server, who.own, await codeFor(server, who.own, { scope: 'openid email' }, visitor))).body
    const userinfo = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect(await userinfo.json()).to.deep.include({ email, email_verified: true })
    expect(await server.parts.accounts.authenticate(email, password)).to.include({ email })
  })

  it('L13 asks in any other browser for the password that was chosen, so that nobody plants one', async () => {
    const { email, link } = await asked()
    const owner = browser()
    const page = await owner.open(link)
    expect(page.html).to.include('not asked for in this browser').and.include('href="/sign-up"')
    for (const typed of [{ password: 'a guess of mine' }, { password: '' }]) {
      expect((await confirm(owner, page, typed)).status).to.equal(422)
      expect(await find(email)).to.equal(undefined)
    }
    expect((await confirm(owner, page, { password })).url.pathname, 'the control').to.equal('/account')
  })

  it('L13 leaves an account that is there as it is, with its password', async () => {
    const { email, visitor, link } = await asked()
    await server.parts.accounts.add({ email, password: 'the first one of all', name: 'First' })
    const refused = await visitor.open(link)
    expect([refused.status, refused.html.includes('href="/account"')]).to.deep.equal([410, true])
    expect(await server.parts.accounts.authenticate(email, 'the first one of all')).to.include({ name: 'First' })
    expect(await server.parts.accounts.authenticate(email, password)).to.equal(undefined)
  })

  it('guesses at the password of a link are counted with all others at its address', async () => {
    const strict = await startTestServer({ settings: { registration: { open: true }, signIn: { attemptsPerAccount: 3 } } })
    const visitor = createVisitor(strict.issuer)
    await visitor.submit(await visitor.open('/sign-up'), '/sign-up', { email: 'eve@example.com', name, password })
    const link = linkOf(await letterTo(strict, 'eve@example.com', 'sign-up'))
    const other = createVisitor(strict.issuer)
    const page = await other.open(link)
    const answers = []
    for (let i = 0; i < 4; i++) answers.push((await other.submit(page, page.url.pathname, { password: `guess ${i}` })).status)
    expect(answers).to.deep.equal([422, 422, 422, 429])
    await strict.close()
  })

  it('M08 is done by its form alone: not by whoever looks, twice', async () => {
    const { email, visitor, link } = await asked()
    for (const method of ['GET', 'GET', 'HEAD']) await browser().fetch(link, { method })
    await visitor.open(link)
    expect(await find(email)).to.equal(undefined)
    await follow(visitor, link)
    expect(await find(email)).to.include({ email })
  })

  it('L15 makes one account of a link that twenty use at once, and of two links for one address', async () => {
    const email = newAddress()
    const { visitor, link } = await asked(email)
    const other = await asked(email)
    const pages = await Promise.all([
      ...Array.from({ length: 10 }, () => visitor.open(link)),
      ...Array.from({ length: 10 }, () => other.visitor.open(other.link)),
    ])
    const answers = await Promise.all(pages.map((page, i) => post(i < 10 ? visitor : other.visitor, page)))
    expect(answers.filter(({ status }) => status === 303)).to.have.length(1)
    expect(answers.filter(({ status }) => status === 410 || status === 422)).to.have.length(19)
    const entries = await server.parts.store.audit.list({ act: 'account.registered', account: (await find(email))!.id }, 5)
    expect(entries).to.have.length(1)
  })

  it('does not make a second account of a used link when the first has another address since', async () => {
    const { email, visitor, link } = await asked()
    const page = await visitor.open(link)
    await confirm(visitor, page)
    const { id, credentialsVersion } = (await find(email))!
    const moved = newAddress()
    const change = { email: moved, emailKey: moved, credentialsVersion: credentialsVersion + 1 }
    expect(await server.parts.store.accounts.changeIf(id, credentialsVersion, change)).to.equal(true)
    expect((await visitor.open(link)).status).to.equal(410)
    expect(await find(email)).to.equal(undefined)
  })

  it('does not bring a deleted account back, by its own link or an older one; a new letter begins anew', async () => {
    const email = newAddress()
    const unused = await asked(email)
    const { visitor, link } = await asked(email)
    const open = await unused.visitor.open(unused.link)
    await follow(visitor, link)
    await server.parts.accounts.remove(email)
    for (const { visitor: late, link: old } of [{ visitor, link }, unused])
      expect((await late.open(old)).status, 'whoever looks').to.equal(410)
    expect((await post(unused.visitor, open)).status, 'whoever confirms what was shown before').to.equal(410)
    expect(await find(email)).to.equal(undefined)
    travel(2)
    const anew = await asked(email)
    await follow(anew.visitor, anew.link)
    expect(await find(email), 'the control').to.include({ email })
  })

  it('does not bring the subject of a deleted account back by a letter that is sent once more', async () => {
    const email = newAddress()
    const visitor = browser()
    const sent = await ask(email, visitor)
    await follow(visitor, await linkTo(email))
    const { id } = (await find(email))!
    await server.parts.accounts.remove(email)
    travel(2)
    await visitor.submit(sent, '/again', {})
    await follow(visitor, await linkTo(email))
    const anew = await find(email)
    expect(anew, 'by one click, as the first time').to.include({ email })
    expect(anew!.id).to.not.equal(id)
  })

  it('M03 ends after a day', async () => {
    const { email, visitor, link } = await asked()
    travel(86_401)
    expect((await visitor.open(link)).status).to.equal(410)
    expect(await find(email)).to.equal(undefined)
  })

  it('L06 L07 answers alike whoever has an account: the same bytes, headers and cookies, hashes and letters', async () => {
    const [there, nobody] = ['ada@example.com', 'eva@example.com']
    const answers: unknown[] = []
    for (const email of [there, nobody]) {
      const before = server.parts.passwords.computed
      const visitor = browser()
      const page = await visitor.open('/sign-up')
      const fields = page.forms[0]!.fields.filter(([field]) => field === 'csrf')
      const body = new URLSearchParams([...fields, ['email', email], ['name', name], ['password', password]])
      const answer = await visitor.fetch('/sign-up', { method: 'POST', body })
      const again = await visitor.submit({ ...page, forms: [{ action: '/sign-up/again', fields }] }, '/sign-up/again', {})
      answers.push({
        status: [answer.status, again.status],
        html: [await answer.text(), again.html].map((html) => html.replaceAll(email, 'x')),
        headers: [...answer.headers].filter(([header]) => !['date', 'x-request-id', 'set-cookie'].includes(header)),
        cookies: answer.headers.getSetCookie().map((cookie) => [cookie.split('=')[0], cookie.length]),
        hashes: server.parts.passwords.computed - before,
      })
    }
    expect(answers[0]).to.deep.equal(answers[1])
    const of = async (email: string) => (await lettersOf(server)).filter(({ to }) => to === email).map(({ kind }) => kind)
    await letterTo(server, nobody, 'sign-up')
    expect([...new Set(await of(there))]).to.deep.equal(['address-in-use'])
    expect([...new Set(await of(nobody))]).to.deep.equal(['sign-up'])
  })

  it('L12 writes of an account to the address that it has, and of a new one to what was typed', async () => {
    await server.parts.accounts.add({ email: 'kim@example.com', password })
    for (const typed of ['KIM@example.com', '\u212aim@example.com', 'kim@EXAMPLE.com']) await ask(typed)
    const letters = async () => (await lettersOf(server)).filter(({ to }) => /kim|\u212aim/i.test(to))
    await letterTo(server, 'kim@example.com', 'address-in-use')
    expect([...new Set((await letters()).map(({ to, kind }) => `${to} ${kind}`))]).to.deep.equal([
      'kim@example.com address-in-use',
    ])
    const { email } = await asked('Grace.H@Example.com')
    expect(email).to.equal('Grace.H@Example.com')
  })

  it('M12 says nothing in a letter that a stranger chose', async () => {
    const email = newAddress()
    await ask(email, browser(), { name: '<b>evil.example</b>' })
    const { text, html } = await letterTo(server, email, 'sign-up')
    for (const words of [text, html ?? '']) expect(words).to.not.match(/evil/)
  })

  it('M07 leads to the issuer, whatever host the request named', async () => {
    const email = newAddress()
    await ask(email, createVisitor(server.issuer, { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }))
    expect(new URL(await linkTo(email)).origin).to.equal(server.issuer)
  })

  for (const [what, typed, sentence] of [
    ['no address', { email: 'grace' }, 'not an e-mail address'],
    ['an address that is too long', { email: `${'g'.repeat(64)}@${'example.'.repeat(25)}com` }, 'not an e-mail address'],
    ['no name', { name: ' \u200b ' }, 'a name that can be read'],
    ['a name of more than a hundred characters', { name: 'g'.repeat(101) }, 'at most 100'],
    ['a short password', { password: 'short' }, 'at least 8'],
    ['a password of the person’s own', { password: 'gracehopper' }, 'too close'],
  ] as [string, Record<string, string>, string][]) {
    it(`refuses ${what}, keeps what else was typed, and sends nothing`, async () => {
      const before = (await lettersOf(server)).length
      const page = await ask(newAddress(), browser(), typed)
      expect([page.status, page.html.includes(sentence)], page.html).to.deep.equal([422, true])
      expect(page.html).to.include(`value="${typed.name ?? name}"`)
      expect((await lettersOf(server)).length).to.equal(before)
    })
  }

  it('has a link of fewer than 1,500 characters for the longest that is allowed', async () => {
    for (const one of ['𝒢', '"', 'ü']) {
      const email = `${'g'.repeat(64)}@${'example-'.repeat(6)}x.${'example-'.repeat(6)}x.${'y'.repeat(60)}.${drawn++}.example.com`
      const page = await ask(email, browser(), { name: one.repeat(100) }, `/sign-up?for=${'u'.repeat(43)}`)
      expect(page.status, page.html).to.equal(200)
      expect((await linkTo(email)).length).to.be.below(1_500)
    }
  })

  it('M11 limits letters by mailbox and says when another can be asked for; so it does where there is an account', async () => {
    const strict = await startTestServer({
      settings: { registration: { open: true }, letters: { perPersonAndNetwork: 2 }, signIn: {} },
    })
    await cast(strict)
    for (const email of ['ada@example.com', 'eve@example.com']) {
      const visitor = createVisitor(strict.issuer)
      const first = await visitor.submit(await visitor.open('/sign-up'), '/sign-up', { email, name, password })
      const second = await visitor.submit(first, '/again', {})
      const third = await visitor.submit(second, '/again', {})
      expect([first.status, second.status, third.status]).to.deep.equal([200, 200, 429])
      expect(third.headers.get('retry-after')).to.match(/^\d+$/)
    }
    await strict.close()
  })

  it('adds nothing before the link is used, whoever asks, and then the account alone', async () => {
    const writtenBy = countWrites(server)
    const before = rowsOf(server)
    const written = await writtenBy(async () => {
      for (let i = 0; i < 30; i++) await ask(i % 3 ? newAddress() : who.email)
    })
    expect(written).to.deep.equal({ durable: [], volatile: [] })
    expect(rowsOf(server)).to.deep.equal(before)
    const { visitor, link } = await asked()
    await post(visitor, await visitor.open(link))
    expect(rowsOf(server), 'the control').to.deep.equal(withOneMore(before))
  })

  it('S01 says who is signed in there and signs them out', async () => {
    const first = await asked()
    await follow(first.visitor, first.link)
    const second = await asked(newAddress(), first.visitor)
    const page = await first.visitor.open(second.link)
    expect(page.html).to.include(first.email).and.include('will be signed out')
    expect((await confirm(first.visitor, page)).html).to.include(second.email)
  })

  it('L03 judges of a network no more passwords than it may try, before the letter and after it', async () => {
    const signIn = { attemptsPerNetwork: 5 }
    const weak = { password: 'password1234' }
    const strict = await startTestServer({ settings: { registration: { open: true, password: 'after' }, signIn } })
    const visitor = createVisitor(strict.issuer)
    await visitor.submit(await visitor.open('/sign-up'), '/sign-up', { email: 'eve@example.com' })
    const page = await visitor.open(linkOf(await letterTo(strict, 'eve@example.com', 'sign-up')))
    const after = []
    for (let i = 0; i < 6; i++) after.push((await visitor.submit(page, page.url.pathname, { name, ...weak })).status)
    await strict.close()
    expect(after).to.deep.equal([422, 422, 422, 422, 422, 429])

    const other = await startTestServer({ settings: { registration: { open: true }, signIn } })
    const stranger = createVisitor(other.issuer)
    const form = await stranger.open('/sign-up')
    const typed = { email: 'eve@example.com', name }
    const before = []
    for (let i = 0; i < 6; i++) before.push((await stranger.submit(form, '/sign-up', { ...typed, ...weak })).status)
    const letters = await lettersOf(other)
    await other.close()
    expect(before).to.deep.equal([422, 422, 422, 422, 422, 429])
    expect(letters).to.deep.equal([])
  })

  it('is not offered, and answers nothing, unless the settings say so', async () => {
    const closed = await startTestServer()
    await cast(closed)
    const visitor = createVisitor(closed.issuer)
    expect((await visitor.open(authorizationUrl(closed.issuer, 'own', challenge))).html).to.not.include('/sign-up')
    for (const path of ['/sign-up', '/link/sign-up?token=x']) expect((await visitor.open(path)).status).to.equal(404)
    await closed.close()
  })
})

describe('signing up while a secret is replaced', () => {
  it('goes on with a link of the secret before, and not once that is forgotten', async () => {
    const [old, fresh] = ['the-secret-of-before-which-is-long-enough', 'the-secret-of-after-which-is-long-enough-too']
    const open = { registration: { open: true } }
    let server = await startTestServer({ masterSecret: old, settings: open })
    const { folder, settings } = server
    const restart = async (masterSecret: string) => {
      await server.close()
      server = await startTestServer({ folder, masterSecret, settings: { ...open, listen: settings.listen } })
    }
    const visitor = createVisitor(server.issuer)
    const emails = ['one@example.com', 'two@example.com', 'three@example.com', 'deleted@example.com']
    const links = new Map<string, string>()
    for (const email of emails) {
      await visitor.submit(await visitor.open('/sign-up'), '/sign-up', { email, name, password })
      links.set(email, linkOf(await letterTo(server, email, 'sign-up')))
    }
    const follow = async (email: string) => {
      const page = await visitor.open(links.get(email) as string)
      return page.status === 200 ? visitor.submit(page, page.url.pathname, {}) : page
    }
    expect((await follow('one@example.com')).status, 'the control').to.equal(200)
    await follow('deleted@example.com')
    await server.parts.accounts.remove('deleted@example.com')
    await restart(`${fresh} ${old}`)
    expect((await follow('two@example.com')).status).to.equal(200)
    expect(await server.parts.accounts.findByEmail('two@example.com')).to.include({ name })
    expect((await follow('deleted@example.com')).status, 'deleted under the secret before').to.equal(410)
    await reseal(server.parts)
    await restart(fresh)
    expect((await visitor.open(links.get('three@example.com') as string)).status).to.equal(422)
    await server.close()
  })
})

describe('signing up with the password after the proof', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ settings: { registration: { open: true, password: 'after' } } })
    await cast(server)
  })
  after(() => server.close())
  const ask = async (visitor: Visitor, email: string) => visitor.submit(await visitor.open('/sign-up'), '/sign-up', { email })

  it('asks for nothing but the address, and for name and password at the link, in any browser', async () => {
    for (const email of ['one@example.com', 'two@example.com']) {
      const visitor = createVisitor(server.issuer)
      const sent = (await ask(visitor, email)).html
      expect(sent).to.include('to go on.').and.not.include('one click')
      expect(sent).to.not.include('name="password"')
      const link = linkOf(await letterTo(server, email, 'sign-up'))
      const here = email.startsWith('one') ? visitor : createVisitor(server.issuer)
      const page = await here.open(link)
      const refused = await here.submit(page, page.url.pathname, { name, password: 'password' })
      expect([refused.status, refused.html.includes(`value="${name}"`)]).to.deep.equal([422, true])
      expect((await here.submit(refused, page.url.pathname, { name, password })).url.pathname).to.equal('/account')
      expect(await server.parts.accounts.authenticate(email, password)).to.include({ name })
    }
  })

  it('X07 a thousand people who never open their letter leave every table as it was', async () => {
    const visitor = createVisitor(server.issuer)
    const { fields } = (await visitor.open('/sign-up')).forms[0]!
    const csrf = fields.filter(([field]) => field === 'csrf')
    const before = rowsOf(server)
    const statuses = new Set<number>()
    for (let batch = 0; batch < 50; batch++)
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const body = new URLSearchParams([...csrf, ['email', `stranger-${batch}-${i}@example.com`]])
          const answer = await fetch(`${server.issuer}/sign-up`, { method: 'POST', body })
          statuses.add(answer.status)
          await answer.arrayBuffer()
        }),
      )
    expect([...statuses]).to.deep.equal([200])
    expect(rowsOf(server)).to.deep.equal(before)
    await server.parts.accounts.add({ email: 'naive@example.com', password })
    expect(rowsOf(server), 'the control, which adds a person when asked').to.deep.equal(withOneMore(before))
  })
})

describe('signing up on a host whose domain has other hosts', () => {
  it('L13 S01 takes no other host’s word for who asked, and no proof of a sign-in', async () => {
    const mail = await startMailServer()
    const server = await startTestServer({
      issuer: 'https://id.example.com',
      settings: { registration: { open: true }, mail: { from: 'accounts@example.com', smtp: mail.smtp }, trustedProxies: [] },
    })
    const address = `http://localhost:${server.port}`
    const here = (page: Page): Page => ({ ...page, url: new URL(page.url.pathname, address) })
    const stranger = createVisitor(address)
    await stranger.submit(here(await stranger.open('/sign-up')), '/sign-up', { email: 'eve@example.com', name, password })
    const { text = '' } = await mail.letterTo('eve@example.com')
    const link = new URL(linkOf({ text }))
    const opened = async (visitor: Visitor) => visitor.open(`${address}${link.pathname}${link.search}`)

    const owner = createVisitor(address)
    for (const [key, cookie] of stranger.cookies) if (!key.startsWith('__Host-')) owner.cookies.set(key, cookie)
    expect((await opened(owner)).html).to.include('not asked for in this browser')
    const page = await opened(stranger)
    expect(page.html, 'the control').to.not.include('not asked for in this browser')
    const done = await stranger.fetch(page.url, { method: 'POST', body: new URLSearchParams(page.forms[0]!.fields) })
    expect(done.status, await done.text()).to.equal(303)
    expect(done.headers.getSetCookie().find((cookie) => cookie.includes('ticket=')))
      .to.match(/^__Host-signet_ticket=/)
      .and.match(/; path=\/;/i)
      .and.match(/; secure/i)
      .and.not.match(/domain=/i)
    await server.close()
    await mail.close()
  })
})
