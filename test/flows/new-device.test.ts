/** The letter about a sign-in in a browser that was not seen with its account, and when there is none. */
import { expect } from 'chai'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { lettersOf, letterTo } from '../support/inbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, passThrough, password, pkce } from '../support/story.ts'
import { giveTicket } from '../support/tickets.ts'
import { now, returnToPresent, travel } from '../support/time.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'

describe('a sign-in in a new browser', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ settings: { signIn: { attemptsPerAccount: 1_000, newDeviceLetters: true } } })
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const browser = () => createVisitor(server.issuer, { 'user-agent': firefox })
  const signIn = (visitor: Visitor, changes = {}) => codeFor(server, who.own, changes, visitor)
  const count = async () => (await lettersOf(server)).filter(({ kind }) => kind === 'new-device').length
  /** A letter is written after its answer: that of another sign-in shows that none was owed before it. */
  async function letters(act: () => Promise<unknown>): Promise<number> {
    const before = await count()
    await act()
    const last = (await lettersOf(server)).find(({ kind }) => kind === 'new-device')
    await signIn(browser())
    await letterTo(server, who.email, 'new-device', last)
    return (await count()) - before - 1
  }

  it('is told of by letter, with time, network and program, and what to do', async () => {
    await signIn(browser())
    const { text } = await letterTo(server, who.email, 'new-device')
    expect(text)
      .to.include('Firefox on Linux')
      .and.match(/network address (127\.0\.0\.1|0:0:0:0)/)
    expect(text).to.include(`${server.issuer}/recovery`)
  })

  it('is told of once: the browser is known then', async () => {
    const visitor = browser()
    expect(await letters(() => signIn(visitor))).to.equal(1)
    expect(await letters(() => signIn(visitor, { prompt: 'login' }))).to.equal(0)
  })

  it('is told of again after a new password, at every browser', async () => {
    const visitor = browser()
    const email = 'grace@example.com'
    await server.parts.accounts.add({ email, password })
    const signInAgain = async () => {
      const { challenge } = pkce()
      const page = await visitor.open(authorizationUrl(server.issuer, 'own', challenge, { prompt: 'login' }))
      await passThrough(visitor, page, { email })
    }
    expect(await letters(signInAgain)).to.equal(1)
    expect(await letters(signInAgain), 'the control').to.equal(0)
    await server.parts.accounts.setPassword(email, password)
    travel(1)
    expect(await letters(signInAgain)).to.equal(1)
  })

  it('is not told of where another letter is', async () => {
    const visitor = browser()
    const ticket = { account: who.subject, amr: ['pwd'], provenAt: now(), withoutLetter: true }
    await giveTicket(server, visitor, ticket)
    expect(await letters(() => signIn(visitor))).to.equal(0)
    expect(await letters(() => signIn(visitor, { prompt: 'login' })), 'it is known from then on').to.equal(0)
  })

  it('L04 is not kept from by strangers who guess, in a browser that is known', async () => {
    const strict = await startTestServer({ settings: { signIn: { attemptsPerAccount: 3 } } })
    const { own, email } = await cast(strict)
    const begin = (visitor: Visitor) =>
      visitor.open(authorizationUrl(strict.issuer, own.id, pkce().challenge, { prompt: 'login' }))
    const give = async (visitor: Visitor, given: string) =>
      visitor.submit(await begin(visitor), '/sign-in', { email, password: given })
    const [known, stranger] = [createVisitor(strict.issuer), createVisitor(strict.issuer)]
    await give(known, password)
    for (let i = 0; i < 5; i++) await give(stranger, 'a guess')
    expect((await give(createVisitor(strict.issuer), password)).status, 'the control: a new browser').to.equal(429)
    expect((await give(known, password)).leftTo?.searchParams.get('code')).to.be.a('string')
    for (let i = 0; i < 3; i++) expect((await give(known, 'a guess')).status).to.equal(422)
    expect((await give(known, password)).status, 'its own guesses count').to.equal(429)
    await strict.close()
  })

  it('is not told of for a wrong password', async () => {
    const visitor = browser()
    const wrong = async () => {
      const page = await visitor.open(authorizationUrl(server.issuer, 'own', pkce().challenge))
      await visitor.submit(page, '/sign-in', { email: who.email, password: 'wrong' })
    }
    expect(await letters(wrong)).to.equal(0)
    expect([...visitor.cookies.keys()].some((key) => key.startsWith('signet_device'))).to.equal(false)
  })
})
