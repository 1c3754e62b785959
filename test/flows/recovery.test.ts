/** A password that is forgotten, replaced by whoever reads the account's letters; and by nobody else, and once. */
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { tally, warmRace } from '../support/race.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  password,
  pkce,
  redeem,
  refresh,
  signedFrom,
  tokensFor,
} from '../support/story.ts'
import { rowsOf } from '../support/strangers.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('recovery of an account', () => {
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
  const newPerson = async () => accounts().add({ email: `person${++people}@example.com`, password, name: 'Grace Hopper' })
  const newVisitor = () => createVisitor(server.issuer)
  const isPassword = async (email: string, given: string) => (await accounts().authenticate(email, given)) !== undefined

  const ask = async (email: string, visitor = newVisitor(), page?: Page) =>
    visitor.submit(page ?? (await visitor.open('/recovery')), '/recovery', { email })
  async function linkFor(email: string): Promise<string> {
    const before = (await lettersOf(server)).find(({ to, kind }) => to === email && kind === 'recovery')
    await ask(email)
    return linkOf(await letterTo(server, email, 'recovery', before))
  }
  const choose = (visitor: Visitor, page: Page, given = next) => visitor.submit(page, page.url.pathname, { password: given })
  async function use(link: string, given = next): Promise<Page> {
    const visitor = newVisitor()
    const page = await visitor.open(link)
    return page.forms.length > 0 ? choose(visitor, page, given) : page
  }

  describe('by the link of a letter', () => {
    it('begins on the sign-in page, and goes on in that sign-in with the new password', async () => {
      const { email } = await newPerson()
      const visitor = newVisitor()
      const { verifier, challenge } = pkce()
      const url = authorizationUrl(server.issuer, 'own', challenge)
      const signIn = await visitor.open(url)
      const forgot = await visitor.open(/href="(\/recovery[^"]*)"/.exec(signIn.html)?.[1] ?? 'no link')
      const sent = await ask(email, visitor, forgot)
      expect([sent.status, sent.html])
        .to.deep.include(200)
        .and.satisfy(([, html]: string[]) => html!.includes(email))
      const page = await visitor.open(linkOf(await letterTo(server, email, 'recovery')))
      expect(page.url.search, 'M09').to.equal('')
      expect(page.html).to.include(email)
      const back = await choose(visitor, page)
      expect(back.url.href).to.equal(signIn.url.href)
      expect(back.html).to.include('Sign in with the new one.')
      const answer = await visitor.submit(back, '/sign-in', { email, password: next })
      const signed = signedFrom(url, answer.leftTo, verifier, visitor)
      expect((await redeem(server, who.own, signed)).status).to.equal(200)
    })

    it('ends at the sign-in to the account, in a browser in which nothing is under way', async () => {
      const { email } = await newPerson()
      const page = await use(await linkFor(email))
      expect(page.html).to.include('to your Signet account').and.include('Sign in with the new one.')
      expect([await isPassword(email, next), await isPassword(email, password)]).to.deep.equal([true, false])
    })

    it('S08 T11: ends every session and token that there was, and says so by letter', async () => {
      const { email, id } = await newPerson()
      const { visitor } = await signedInAs(email)
      const tokens = await tokensFor(server, who.native, {}, visitor)
      const other = await tokensFor(server, who.native)
      const link = await linkFor(email)
      expect((await visitor.open('/account')).url.pathname, 'the control').to.equal('/account')
      await use(link)
      expect((await visitor.open('/account')).url.pathname).to.match(/^\/interaction/)
      expect((await refresh(server, who.native, tokens.refresh_token!)).body.error).to.equal('invalid_grant')
      expect((await refresh(server, who.native, other.refresh_token!)).status, 'somebody else').to.equal(200)
      expect((await letterTo(server, email, 'password-changed')).text).to.include('was changed')
      const [entry] = await server.parts.audit.list({ act: 'account.recovered', account: id }, 2)
      expect(entry).to.include({ actor: `account:${id}`, from: '127.0.0.1' })
    })

    it('shows that the address is the person’s', async () => {
      const { email, id } = await newPerson()
      const isVerified = async () => (await accounts().findActive(id))?.emailVerifiedAt !== undefined
      expect(await isVerified()).to.equal(false)
      const link = await linkFor(email)
      await newVisitor().open(link)
      expect(await isVerified(), 'M08').to.equal(false)
      await use(link)
      expect(await isVerified()).to.equal(true)
    })

    it('L12: goes to the address that the account has, whatever spelling is asked with', async () => {
      await accounts().add({ email: 'Kelvin@example.com', password })
      await ask('\u212aelvin@EXAMPLE.com')
      expect((await letterTo(server, 'Kelvin@example.com', 'recovery')).to).to.equal('Kelvin@example.com')
    })

    for (const weak of ['', 'seven77', 'password1'])
      it(`asks again for a better password than ${JSON.stringify(weak)}, and the link stays good`, async () => {
        const { email } = await newPerson()
        const link = await linkFor(email)
        const visitor = newVisitor()
        const page = await choose(visitor, await visitor.open(link), weak)
        expect(page.status).to.equal(422)
        expect(page.html).to.include('role="alert"')
        expect((await choose(visitor, page)).html).to.include('Sign in with the new one.')
        expect(await isPassword(email, next)).to.equal(true)
      })
  })

  it('L03 judges no more passwords of a network than it may try', async () => {
    const strict = await startTestServer({ settings: { signIn: { attemptsPerNetwork: 3 } } })
    await strict.parts.accounts.add({ email: 'eve@example.com', password: next })
    const visitor = createVisitor(strict.issuer)
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { email: 'eve@example.com' })
    const page = await visitor.open(linkOf(await letterTo(strict, 'eve@example.com', 'recovery')))
    const answers = []
    for (let i = 0; i < 4; i++) answers.push((await choose(visitor, page, 'password1234')).status)
    await strict.close()
    expect(answers).to.deep.equal([422, 422, 422, 429])
  })

  const signedInAs = async (email: string) => {
    const visitor = newVisitor()
    return { visitor, page: await visitor.submit(await visitor.open('/account'), '/sign-in', { email, password }) }
  }

  describe('is over', () => {
    const gone = async (link: string, email: string, still = password) => {
      const page = await use(link, 'another engine')
      expect(page.status).to.equal(410)
      expect(page.html).to.include('href="/recovery"')
      expect(await isPassword(email, still)).to.equal(true)
    }

    it('M01: after its use', async () => {
      const { email } = await newPerson()
      const link = await linkFor(email)
      expect((await use(link)).status, 'the control').to.equal(200)
      await gone(link, email, next)
    })

    it('M01: but for one of fifty who use it at once, which is told and written down once', async () => {
      const { email, id } = await newPerson()
      const link = await linkFor(email)
      const visitor = newVisitor()
      const page = await visitor.open(link)
      const [csrf] = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
      const cookie = [...visitor.cookies].map(([name, { value }]) => `${name.split(' ')[0]}=${value}`).join('; ')
      const race = await warmRace([Number(new URL(server.issuer).port)], 50)
      const answers = await race.post(page.url.pathname, new URLSearchParams([csrf!, ['password', next]]), {
        cookie,
        accept: 'text/html',
      })
      race.close()
      expect(tally(answers)).to.deep.equal({ 303: 1, 410: 49 })
      expect(await server.parts.audit.list({ act: 'account.recovered', account: id }, 60)).to.have.length(1)
      await letterTo(server, email, 'password-changed')
      expect((await lettersOf(server)).filter(({ to, kind }) => to === email && kind === 'password-changed')).to.have.length(1)
    })

    it('M02: after a change of the password, by its person or by an operator', async () => {
      const { email } = await newPerson()
      const [first, second] = [await linkFor(email), await linkFor(email)]
      await use(first)
      await gone(second, email, next)
      const third = await linkFor(email)
      await accounts().setPassword(email, 'analytical engine no 2')
      await gone(third, email, 'analytical engine no 2')
    })

    it('but not because a stranger asks again, or somebody signs in, or the password is hashed anew', async () => {
      const { email, id, passwordHash } = await newPerson()
      const link = await linkFor(email)
      for (let i = 0; i < 3; i++) await ask(email)
      await signedInAs(email)
      const { store, passwords } = server.parts
      expect(await store.accounts.replaceHash(id, passwordHash, await passwords.hash(password, { share: 'people' }))).to.equal(
        true,
      )
      await use(link)
      expect(await isPassword(email, next)).to.equal(true)
    })

    it('once its account was disabled, also when it is enabled again', async () => {
      const { email } = await newPerson()
      const link = await linkFor(email)
      await accounts().disable(email)
      expect((await use(link)).status).to.equal(410)
      await accounts().enable(email)
      await gone(link, email)
    })

    it('M03: an hour after it was sent', async () => {
      const { email } = await newPerson()
      const link = await linkFor(email)
      travel(3_601)
      await gone(link, email)
      const inTime = await linkFor(email)
      travel(3_570)
      expect((await use(inTime)).status, 'the control').to.equal(200)
    })

    it('M05: for any account but its own', async () => {
      const [one, other] = [await newPerson(), await newPerson()]
      await use(await linkFor(one.email))
      expect([await isPassword(one.email, next), await isPassword(other.email, password)]).to.deep.equal([true, true])
    })
  })

  it('M08: is not done by what opens links ahead of people', async () => {
    const { email } = await newPerson()
    const link = await linkFor(email)
    for (const init of [{ method: 'GET' }, { method: 'HEAD' }, { headers: { 'sec-purpose': 'prefetch' } }])
      await newVisitor().fetch(link, init)
    await newVisitor().open(link)
    expect(await isPassword(email, password)).to.equal(true)
    expect((await use(link)).status, 'the control').to.equal(200)
  })

  describe('tells strangers nothing:', () => {
    /** Two addresses of one length, one of which has an account. */
    async function pair(): Promise<{ known: string; unknown: string }> {
      const { email } = await newPerson()
      return { known: email, unknown: email.replace('person', 'nobody') }
    }
    const answerTo = async (email: string) => {
      const visitor = newVisitor()
      const form = (await visitor.open('/recovery')).forms[0]!
      const body = new URLSearchParams([...form.fields.filter(([name]) => name !== 'email'), ['email', email]])
      const response = await visitor.fetch('/recovery', { method: 'POST', body })
      const headers = [...response.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return { status: response.status, headers, html: (await response.text()).replaceAll(email, 'ADDRESS') }
    }

    it('L06: the same bytes whether there is an account, a disabled one, or none', async () => {
      const { known, unknown } = await pair()
      const answer = await answerTo(unknown)
      expect(answer.status).to.equal(200)
      expect(await answerTo(known)).to.deep.equal(answer)
      expect((await letterTo(server, known, 'recovery')).to, 'the control').to.equal(known)
      await accounts().disable(known)
      expect(await answerTo(known)).to.deep.equal(answer)
      await accounts().enable(known)
    })

    /** @returns how often it was called, and leaves it as it was */
    function callsOf<T extends object>(owner: T, method: keyof T & string): () => number {
      const original = owner[method] as (...given: unknown[]) => unknown
      let calls = 0
      const counting = (...given: unknown[]) => {
        calls++
        return original.apply(owner, given)
      }
      Object.assign(owner, { [method]: counting })
      return () => {
        Object.assign(owner, { [method]: original })
        return calls
      }
    }

    it('L07: the same work until the answer, and no hash', async () => {
      const { known, unknown } = await pair()
      const { links, passwords, store } = server.parts
      const work = async (email: string) => {
        const hashes = passwords.computed
        const made = callsOf(links, 'urlOf')
        const looked = callsOf(store.accounts, 'findByEmailKey')
        await ask(email)
        return { links: made(), looks: looked(), hashes: passwords.computed - hashes }
      }
      const forNobody = await work(unknown)
      expect(forNobody).to.deep.equal({ links: 1, looks: 1, hashes: 0 })
      expect(await work(known)).to.deep.equal(forNobody)
    })

    for (const email of ['', 'ada', 'a@b@c', `${'x'.repeat(65)}@example.com`])
      it(`but that ${JSON.stringify(email).slice(0, 12)} is no address`, async () => {
        const page = await ask(email)
        expect(page.status).to.equal(422)
        expect(page.html).to.include('role="alert"')
      })
  })

  it('of a thousand who ask leaves every table as it was', async () => {
    const { email } = await newPerson()
    const page = await newVisitor().open('/recovery')
    const [csrf] = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
    const before = rowsOf(server)
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const asked = i % 2 ? email : `nobody${round}-${i}@example.com`
          const body = new URLSearchParams([csrf!, ['email', asked]])
          const answer = await fetch(`${server.issuer}/recovery`, { method: 'POST', body })
          expect(answer.status).to.be.oneOf([200, 429])
          await answer.arrayBuffer()
        }),
      )
    expect(rowsOf(server)).to.deep.equal(before)
    await codeFor(server, who.own)
    expect(rowsOf(server), 'the control').not.to.deep.equal(before)
  })

  it('is not offered where no letter can be sent', async () => {
    const mute = await startTestServer({ issuer: 'https://id.example.com' })
    try {
      const headers = { accept: 'text/html' }
      const port = mute.port
      const answer = await fetch(`http://localhost:${port}/recovery`, { headers })
      expect(answer.status).to.equal(404)
      expect(await answer.text()).to.include('sends no letters')
    } finally {
      await mute.close()
    }
  })
})
