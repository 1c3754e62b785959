/** Guessing at passwords over HTTP. The limits themselves, and their clocks, are in test/accounts/attempts.test.ts. */
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, password, pkce, signInPost } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

/** Attempts of strangers cost a hash each: few are let through. */
const signIn = { attemptsPerAccount: 4, attemptsPerNetwork: 20, attemptsOverall: 10 }
const many = 200

describe('guessing at the sign-in page', function () {
  this.timeout(120_000)
  let server: TestServer
  let who: Cast
  beforeEach(async () => {
    server = await startTestServer({ settings: { signIn, trustedProxies: ['127.0.0.1', '::1'] } })
    who = await cast(server)
  })
  afterEach(() => server.close())

  /** @param from the network, as the proxy has it. @returns how to send that one page's form, again and again */
  async function page(from = '203.0.113.250', site = server) {
    const visitor = createVisitor(site.issuer, { 'x-forwarded-for': from })
    const form = signInPost(await visitor.open(authorizationUrl(site.issuer, 'web', pkce().challenge)), '')
    return (email: string, given = 'wrong', by = from) => {
      const body = new URLSearchParams(form.body)
      body.set('email', email)
      body.set('password', given)
      return visitor.fetch(form.action, { method: 'POST', body, headers: { 'x-forwarded-for': by } })
    }
  }
  /** Cold connections would queue the guesses up. */
  const warm = () => Promise.all(Array.from({ length: many }, async () => (await fetch(`${server.issuer}/health/live`)).text()))

  async function statuses(answers: Promise<Response>[]): Promise<Record<number, number>> {
    const all = await Promise.all(answers.map(async (answer) => [await (await answer).text(), (await answer).status] as const))
    const groups = Object.groupBy(all, ([, status]) => String(status))
    return Object.fromEntries(Object.entries(groups).map(([status, of]) => [status, of?.length ?? 0]))
  }

  it('L01 is limited one by one, for the right password too, and says when to come back', async () => {
    const guess = await page()
    for (let n = 0; n < 4; n++) expect((await guess(who.email)).status).to.equal(422)
    for (let n = 0; n < 20; n++) {
      const answer = await guess(who.email, n % 2 ? password : 'wrong')
      expect(answer.status).to.equal(429)
      expect(Number(answer.headers.get('retry-after'))).to.be.within(800, 900)
      expect(await answer.text()).to.match(/Too many attempts\. Please wait 1[45] minutes/)
    }
    expect((await (await page('203.0.113.251'))(who.email, password)).status).to.equal(303)
  })

  it('L02 is limited two hundred at once, from one network', async () => {
    const guess = await page()
    await warm()
    expect(await statuses(Array.from({ length: many }, () => guess(who.email)))).to.deep.equal({ 422: 4, 429: many - 4 })
  })

  it('L02 is limited two hundred at once, from two hundred networks', async () => {
    const guess = await page()
    await warm()
    const guesses = Array.from({ length: many }, (_, n) => guess(who.email, 'wrong', `198.51.100.${n}`))
    expect(await statuses(guesses)).to.deep.equal({ 422: 10, 429: many - 10 })
    // Others sign in from the very same networks.
    await server.parts.accounts.add({ email: 'grace@example.com', password })
    expect((await guess('grace@example.com', password, '198.51.100.1')).status).to.equal(303)
  })

  it('L03 is limited for one password at three hundred accounts, whatever a stranger forwards', async () => {
    const direct = await startTestServer({ settings: { signIn } })
    await cast(direct)
    const guess = await page(undefined, direct)
    const spread = await Promise.all(
      Array.from({ length: 300 }, (_, n) => statuses([guess(`person${n}@example.com`, password, `198.51.100.${n % 250}`)])),
    )
    const judged = spread.filter((one) => one[422]).length
    await direct.close()
    expect(judged).to.be.at.most(20)
    expect(judged + spread.filter((one) => one[429] || one[503]).length).to.equal(300)
  })

  it('L04 from elsewhere keeps the person from nothing', async () => {
    const guess = await page()
    for (const from of ['198.51.100.1', '198.51.100.2'])
      expect(await statuses(Array.from({ length: 8 }, () => guess(who.email, 'wrong', from)))).to.deep.equal({ 422: 4, 429: 4 })
    expect((await guess(who.email, password)).status).to.equal(303)
  })

  it('L04 from everywhere keeps the person from no browser where they were signed in before', async () => {
    const known = createVisitor(server.issuer, { 'x-forwarded-for': '203.0.113.7' })
    const signInAt = async (visitor: Visitor) =>
      visitor.submit(
        await visitor.open(authorizationUrl(server.issuer, 'own', pkce().challenge, { prompt: 'login' })),
        '/sign-in',
        {
          email: who.email,
          password,
        },
      )
    expect((await signInAt(known)).leftTo).to.not.equal(undefined)
    const guess = await page()
    await statuses(Array.from({ length: 20 }, (_, n) => guess(who.email, 'wrong', `198.51.100.${n}`)))
    const elsewhere = await signInAt(createVisitor(server.issuer, { 'x-forwarded-for': '203.0.113.8' }))
    expect(elsewhere.status).to.equal(429)
    expect(elsewhere.html).to.include('In a browser where you were signed in before you need not wait.')
    expect((await signInAt(known)).leftTo).to.not.equal(undefined)
    // Somebody else's browser is no browser of theirs.
    await server.parts.accounts.add({ email: 'grace@example.com', password })
    const others = createVisitor(server.issuer, { 'x-forwarded-for': '203.0.113.9' })
    const url = authorizationUrl(server.issuer, 'own', pkce().challenge)
    await others.submit(await others.open(url), '/sign-in', { email: 'grace@example.com', password })
    expect((await signInAt(others)).status).to.equal(429)
  })

  it('L04 from everywhere keeps nobody from signing in with a password that they chose by letter, on whatever browser', async () => {
    const guess = await page()
    const flood = () => statuses(Array.from({ length: 20 }, (_, n) => guess(who.email, 'wrong', `198.51.100.${n}`)))
    expect(await flood()).to.deep.equal({ 422: 10, 429: 10 })
    const visitor = createVisitor(server.issuer, { 'x-forwarded-for': '203.0.113.7' })
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { email: who.email })
    const asked = await visitor.open(linkOf(await letterTo(server, who.email, 'recovery')))
    const next = 'difference engine'
    const chosen = await visitor.submit(asked, asked.url.pathname, { password: next })
    expect(await flood()).to.deep.equal({ 429: 20 })
    const signedIn = await visitor.submit(chosen, '/sign-in', { email: who.email, password: next })
    expect([signedIn.status, signedIn.url.pathname]).to.deep.equal([200, '/account'])
    // The control: the same password on a browser that knows nothing of it.
    expect((await (await page('203.0.113.8'))(who.email, next)).status).to.equal(429)
  })
})

/** Each asks for the password of whoever is signed in at that browser. A new one is listed here, and shares the counters of all. */
const ways: Record<string, (visitor: Visitor, issuer: string, email: string, given: string) => Promise<Page>> = {
  'the sign-in page': async (visitor, issuer, email, given) => {
    const url = authorizationUrl(issuer, 'own', pkce().challenge, { prompt: 'login' })
    return visitor.submit(await visitor.open(url), '/sign-in', { email, password: given })
  },
  'the page of a new password': async (visitor, _issuer, _email, given) =>
    visitor.submit(await visitor.open('/account/password'), '/account/password', {
      current: given,
      password: 'difference engine',
    }),
}

describe('guessing in one way', () => {
  let server: TestServer
  let people = 0
  before(async () => {
    server = await startTestServer({ settings: { signIn, registration: { open: true } } })
    await cast(server)
  })
  after(() => server.close())
  afterEach(returnToPresent)

  for (const [one, guess] of Object.entries(ways)) {
    for (const [other, tryIt] of Object.entries(ways).filter(([name]) => name !== one)) {
      it(`L05 at ${one} uses up what there is at ${other}, until the window ends`, async () => {
        const email = `person${people++}@example.com`
        await server.parts.accounts.add({ email, password })
        const visitor = createVisitor(server.issuer)
        await visitor.submit(await visitor.open('/account'), '/sign-in', { email, password })
        for (let n = 0; n < 4; n++) expect((await guess(visitor, server.issuer, email, 'wrong')).status).to.equal(422)
        expect((await guess(visitor, server.issuer, email, 'wrong')).status).to.equal(429)
        expect((await tryIt(visitor, server.issuer, email, password)).status).to.equal(429)
        travel(900)
        const passed = await tryIt(visitor, server.issuer, email, password)
        expect(passed.leftTo !== undefined || passed.status === 200).to.equal(true)
      })
    }
  }

  /** In another browser than the one that asked, so that it asks for the password; nobody has an account there yet. */
  async function signUpLink(email: string) {
    const asking = createVisitor(server.issuer)
    await asking.submit(await asking.open('/sign-up'), '/sign-up', { email, name: 'Grace Hopper', password })
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(linkOf(await letterTo(server, email, 'sign-up')))
    const atLink = (given: string) => visitor.submit(page, page.url.pathname, { password: given })
    const atSignIn = (given: string) => ways['the sign-in page']!(createVisitor(server.issuer), server.issuer, email, given)
    return { atLink, atSignIn }
  }

  for (const [one, other] of [
    ['atLink', 'atSignIn'],
    ['atSignIn', 'atLink'],
  ] as const)
    it(`L05 of a sign-up link and the sign-in page is one: ${one} first`, async () => {
      const ways = await signUpLink(`person${people++}@example.com`)
      for (let n = 0; n < 4; n++) expect((await ways[one]('a wrong one')).status).to.equal(422)
      expect((await ways[other](password)).status).to.equal(429)
      expect((await ways[one](password)).status).to.equal(429)
      travel(900)
      expect((await ways.atLink(password)).url.pathname, 'the control').to.equal('/account')
    })
})
