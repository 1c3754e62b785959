/** A sign-in under way lies in its browser's cookies: what somebody may do who copies, keeps, swaps or piles them up, and how large they are. */
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { tally, warmRace } from '../support/race.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  type Parameters,
  password,
  pkce,
  redeem,
  signInPost,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { countWrites, type WritesOf } from '../support/writes.ts'

const sealed = (visitor: Visitor) => [...visitor.cookies].filter(([key]) => key.startsWith('signet_sealed '))
const headerOf = (visitor: Visitor) => [...visitor.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`).join('; ')

describe('a sign-in under way', () => {
  let server: TestServer
  let who: Cast
  let writtenBy: WritesOf
  const { challenge } = pkce()
  before(async () => {
    server = await startTestServer({ settings: { longRequests: { requestsPerNetwork: 2 } } })
    who = await cast(server)
    writtenBy = countWrites(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const begin = (visitor: Visitor, changes: Parameters = {}, client = 'own') =>
    visitor.open(authorizationUrl(server.issuer, client, challenge, changes))
  /** Gives the password, and stops before the browser goes on. @returns where it would go */
  async function signIn(visitor: Visitor, page: Page, email = who.email): Promise<string> {
    const { action, body } = signInPost(page, email)
    const answer = await visitor.fetch(action, { method: 'POST', body })
    expect(answer.status).to.equal(303)
    return answer.headers.get('location') as string
  }
  const begunAndSigned = async (visitor: Visitor) => signIn(visitor, await begin(visitor))
  const goOn = (visitor: Visitor, location: string) => visitor.fetch(location)
  const codeIn = (response: Response) => new URL(response.headers.get('location') ?? '/', server.issuer).searchParams.get('code')
  function copyOf(visitor: Visitor): Visitor {
    const copy = createVisitor(server.issuer)
    for (const [key, cookie] of visitor.cookies) copy.cookies.set(key, cookie)
    return copy
  }

  it('cannot be read by whoever holds its cookie', async () => {
    const visitor = createVisitor(server.issuer)
    await begin(visitor, { state: 'a-state-that-is-nobody-s-business' })
    const [[, { value, attributes }]] = sealed(visitor) as [ReturnType<typeof sealed>[0]]
    expect(Buffer.from(value, 'base64url').toString('latin1')).to.not.match(/state|client_id|own/)
    expect(attributes)
      .to.match(/httponly/i)
      .and.match(/samesite=lax/i)
      .and.match(/path=\/interaction\/[^/;]+(;|$)/i)
  })

  describe('that has been answered', () => {
    const replays: [string, (visitor: Visitor) => Promise<unknown>][] = [
      ['at once', async () => {}],
      [
        'after its person has signed out',
        async (visitor) => visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' }),
      ],
    ]
    for (const [when, meanwhile] of replays) {
      it(`signs in once: its copied cookies are refused ${when}, with nothing written and nothing set`, async () => {
        const visitor = createVisitor(server.issuer)
        const location = await begunAndSigned(visitor)
        const thief = copyOf(visitor)
        expect(codeIn(await goOn(visitor, location)), 'the control').to.be.a('string')
        await meanwhile(visitor)
        let answer!: Response
        const writes = await writtenBy(async () => {
          answer = await goOn(thief, location)
        })
        expect(answer.status).to.equal(400)
        expect(answer.headers.getSetCookie().filter((cookie) => !/expires=Thu, 01 Jan 1970/.test(cookie))).to.deep.equal([])
        expect(writes).to.deep.equal({ durable: [], volatile: [] })
        expect(codeIn(await thief.fetch(authorizationUrl(server.issuer, 'own', challenge, { prompt: 'none' })))).to.equal(null)
      })
    }

    it('signs nobody in again once the password is another', async () => {
      const { email } = await server.parts.accounts.add({ email: 'carol@example.com', password })
      const visitor = createVisitor(server.issuer)
      const location = await signIn(visitor, await begin(visitor), email)
      const thief = copyOf(visitor)
      expect(codeIn(await goOn(visitor, location)), 'the control').to.be.a('string')
      await server.parts.accounts.setPassword(email, password)
      expect(codeIn(await goOn(thief, location))).to.equal(null)
      expect((await begin(thief)).html).to.include('type="password"')
    })

    it('signs in once of twenty times at once, while a store that looks before it leaps signs in more often', async () => {
      const race = await warmRace([server.port], 20)
      const codes = async () => {
        const visitor = createVisitor(server.issuer)
        const location = await begunAndSigned(visitor)
        const runners = await race.open(new URL(location).pathname, { cookie: headerOf(visitor), accept: 'text/html' })
        return { tally: tally(runners), codes: runners.filter(({ location: to }) => to?.searchParams.has('code')).length }
      }
      expect(await codes()).to.deep.equal({ tally: { 303: 1, 400: 19 }, codes: 1 })
      const { artifacts } = server.parts.store
      const { insert } = artifacts
      artifacts.insert = async (row) => {
        await artifacts.put(row)
        return true
      }
      const naive = await codes()
      artifacts.insert = insert
      race.close()
      expect(naive.codes, 'the control').to.be.greaterThan(1)
    })

    it('goes on within a minute', async () => {
      for (const [seconds, status] of [
        [58, 303],
        [61, 400],
      ] as const) {
        const visitor = createVisitor(server.issuer)
        const location = await begunAndSigned(visitor)
        travel(seconds)
        expect((await goOn(visitor, location)).status, `after ${seconds} s`).to.equal(status)
        returnToPresent()
      }
    })

    it('leaves the session’s cookie behind, the one that knows the browser again, and no other', async () => {
      const { visitor } = await codeFor(server, who.web)
      expect([...visitor.cookies.keys()]).to.deep.equal(['signet_device /', 'signet_session /', 'signet_session.sig /'])
    })
  })

  describe('between the password and the consent', () => {
    const allow = (visitor: Visitor, page: Page) => visitor.submit(page, '/consent', { decision: 'allow' })
    const codeOf = ({ leftTo }: Page) => leftTo?.searchParams.get('code') ?? null
    async function atConsent(email = who.email) {
      const visitor = createVisitor(server.issuer)
      const page = await visitor.submit(await begin(visitor, {}, 'web'), '/sign-in', { email, password })
      expect(page.html).to.include('/consent"')
      return { visitor, page, thief: copyOf(visitor) }
    }
    const personNamed = async (name: string) =>
      (await server.parts.accounts.add({ email: `${name}@example.com`, password })).email

    it('is written nowhere, and nobody is signed in yet', async () => {
      let visitor!: Visitor
      const writes = await writtenBy(async () => {
        visitor = (await atConsent()).visitor
      })
      expect(writes).to.deep.equal({ durable: [], volatile: [] })
      expect((await begin(visitor)).html).to.include('type="password"')
    })

    it('is judged before anybody is asked: who is another than the client wants consents to nothing', async () => {
      const signed = await codeFor(server, who.web)
      const { id_token: hint } = (await redeem(server, who.web, signed)).body
      const email = await personNamed('dora')
      const visitor = createVisitor(server.issuer)
      const page = await begin(visitor, { id_token_hint: hint }, 'web')
      const writes = await writtenBy(async () => {
        const { leftTo } = await visitor.submit(page, '/sign-in', { email, password })
        expect(leftTo?.searchParams.get('error')).to.equal('login_required')
      })
      expect(writes.durable.filter((write) => write.startsWith('Grant'))).to.deep.equal([])
    })

    const uses: [string, (own: { visitor: Visitor; page: Page }) => Promise<unknown>][] = [
      ['it was used', ({ visitor, page }) => allow(visitor, page)],
      [
        'it was used and the session has ended',
        async ({ visitor, page }) => {
          await allow(visitor, page)
          await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
          travel(500)
        },
      ],
      ['its person said no', ({ visitor, page }) => visitor.submit(page, '/consent', { decision: 'deny' })],
      ['its person switched the account', ({ visitor, page }) => visitor.submit(page, '/switch', {})],
      ['ten minutes', async () => travel(601)],
    ]
    for (const [when, use] of uses) {
      it(`is no good in a copy after ${when}: nothing is granted`, async () => {
        const own = await atConsent()
        await use(own)
        let answer!: Page
        const writes = await writtenBy(async () => {
          answer = await allow(own.thief, own.page)
        })
        expect(answer.status).to.equal(400)
        expect(writes).to.deep.equal({ durable: [], volatile: [] })
      })
    }

    it('is no good either in a copy of what went before, once it was used', async () => {
      const visitor = createVisitor(server.issuer)
      const location = await signIn(visitor, await begin(visitor, {}, 'web'))
      const [thief, control] = [copyOf(visitor), copyOf(visitor)]
      expect((await control.open(location)).html, 'the control').to.include('/consent"')
      expect(codeOf(await allow(visitor, await visitor.open(location)))).to.be.a('string')
      expect((await goOn(thief, location)).status).to.equal(400)
    })

    const endings: [string, (email: string) => Promise<unknown>][] = [
      ['carla', (email) => server.parts.accounts.setPassword(email, password)],
      ['otto', (email) => server.parts.accounts.disable(email)],
    ]
    for (const [name, end] of endings) {
      it(`ends with ${name === 'otto' ? 'the account' : 'the password'}, and nothing is granted`, async () => {
        const email = await personNamed(name)
        const { visitor, page } = await atConsent(email)
        await end(email)
        let answer!: Page
        const writes = await writtenBy(async () => {
          answer = await allow(visitor, page)
        })
        expect(answer.status).to.equal(403)
        expect(writes).to.deep.equal({ durable: [], volatile: [] })
      })
    }

    it('is used once when it and its copy are answered at once', async () => {
      const { visitor, page, thief } = await atConsent()
      const answers = await Promise.all([visitor, thief].map((one) => allow(one, page)))
      expect(answers.filter((answer) => codeOf(answer))).to.have.length(1)
    })

    it('ends the session that another person began in another tab meanwhile, as any sign-in of somebody else does', async () => {
      const { visitor, page } = await atConsent()
      const email = await personNamed('grace')
      expect(codeIn(await goOn(visitor, await signIn(visitor, await begin(visitor), email)))).to.be.a('string')
      const bounced = await allow(visitor, page)
      expect(codeOf(await visitor.submit(bounced, '/session/end/confirm', {}))).to.be.a('string')
      const consent = await begin(visitor, { prompt: 'consent' }, 'web')
      expect(consent.html).to.include(who.email).and.not.include(email)
    })

    it('goes on with the session of another tab, and is no good in a copy then', async () => {
      const { visitor, page, thief } = await atConsent()
      expect(codeIn(await goOn(visitor, await begunAndSigned(visitor)))).to.be.a('string')
      const session = visitor.cookies.get('signet_session /')?.value
      expect(codeOf(await allow(visitor, page))).to.be.a('string')
      expect(visitor.cookies.get('signet_session /')?.value, 'S01: another value').to.not.equal(session)
      expect((await allow(thief, page)).status).to.equal(400)
    })
  })

  describe('whose client has given up its redirect URI meanwhile', () => {
    const [former, present] = ['https://former.example.com/callback', 'https://present.example.com/callback']
    const register = (uri: string) =>
      server.parts.clients.add({ id: 'moved', name: 'Moved', kind: 'web', firstParty: true, redirectUris: [uri], apis: {} })
    async function atPage() {
      await register(former)
      const visitor = createVisitor(server.issuer)
      const page = await begin(visitor, { redirect_uri: former, scope: 'openid' }, 'moved')
      return { visitor, page }
    }
    const move = async (to = present) => {
      await server.parts.clients.remove('moved')
      await register(to)
    }
    afterEach(() => server.parts.clients.remove('moved'))

    for (const [what, answer] of [
      ['a code', (visitor: Visitor, page: Page) => visitor.submit(page, '/sign-in', { email: who.email, password })],
      ['an error', (visitor: Visitor, page: Page) => visitor.submit(page, '/cancel', {})],
    ] as const) {
      it(`A08 sends it not even ${what} from its page`, async () => {
        const { visitor, page } = await atPage()
        await move()
        const refused = await answer(visitor, page)
        expect([refused.status, refused.leftTo]).to.deep.equal([400, undefined])
      })

      it(`A08 sends it not even ${what} when the page was answered before`, async () => {
        const { visitor, page } = await atPage()
        const cancelled = async () => {
          const { action, fields } = page.forms.find((form) => form.action.endsWith('/cancel'))!
          return (await visitor.fetch(action, { method: 'POST', body: new URLSearchParams(fields) })).headers.get('location')!
        }
        const location = what === 'a code' ? await signIn(visitor, page) : await cancelled()
        await move()
        const refused = await goOn(visitor, location)
        expect([refused.status, refused.headers.get('location')]).to.deep.equal([400, null])
      })
    }

    it('goes on, the control, where the address is still the client’s', async () => {
      const { visitor, page } = await atPage()
      await move(former)
      const { leftTo } = await visitor.submit(page, '/sign-in', { email: who.email, password })
      expect(leftTo?.href).to.match(/^https:\/\/former\.example\.com\/callback\?code=/)
    })
  })

  for (const [how, alter] of [
    ['altered', (own: string) => (own.startsWith('A') ? 'B' : 'A') + own.slice(1)],
    ['cut short', (own: string) => own.slice(0, -4)],
    ['emptied', () => 'x'],
    ['another sign-in’s', (_own: string, other: string) => other],
  ] as const) {
    it(`A25 is not known by a cookie that is ${how}`, async () => {
      const visitor = createVisitor(server.issuer)
      const [page, other] = [await begin(visitor), createVisitor(server.issuer)]
      await begin(other)
      const [[key, cookie]] = sealed(visitor) as [ReturnType<typeof sealed>[0]]
      expect((await visitor.fetch(page.url)).status, 'the control').to.equal(200)
      visitor.cookies.set(key, { ...cookie, value: alter(cookie.value, sealed(other)[0]![1].value) })
      expect((await visitor.fetch(page.url)).status).to.equal(400)
    })
  }

  describe('in one of many tabs', () => {
    it('stands in no other’s way, whichever is answered first', async () => {
      const visitor = createVisitor(server.issuer)
      const [first, second] = [await begin(visitor), await begin(visitor)]
      const [later, sooner] = [await signIn(visitor, first), await signIn(visitor, second)]
      const thief = copyOf(visitor)
      expect(codeIn(await goOn(visitor, sooner))).to.be.a('string')
      expect(codeIn(await goOn(visitor, later)), 'with the session of the other').to.be.a('string')
      for (const location of [sooner, later]) expect((await goOn(thief, location)).status, 'a copy').to.equal(400)
    })

    it('sends none of the others’ cookies, though forty were abandoned', async () => {
      const visitor = createVisitor(server.issuer)
      const pages: Page[] = []
      for (let tab = 0; tab < 40; tab++) pages.push(await begin(visitor))
      const sentTo = (path: string) => [...visitor.cookies.values()].filter((cookie) => path.startsWith(cookie.path)).length
      expect(sentTo('/auth')).to.equal(0)
      expect(sentTo(pages[0]!.url.pathname)).to.equal(2)
      expect(codeIn(await goOn(visitor, await signIn(visitor, pages[0]!)))).to.be.a('string')
    })
  })

  describe('that asks for more than a cookie holds', () => {
    it('goes the same way by a row, as often as its network may', async () => {
      const long = { state: 'x'.repeat(3_000) }
      const visitor = createVisitor(server.issuer)
      let page!: Page
      expect(await writtenBy(async () => (page = await begin(visitor, long)))).to.deep.equal({
        durable: [],
        volatile: ['Interaction put'],
      })
      expect(sealed(visitor)).to.have.length(0)
      const location = await signIn(visitor, page)
      expect(codeIn(await goOn(visitor, location))).to.be.a('string')
      expect((await goOn(visitor, location)).status, 'again').to.equal(400)
      await begin(createVisitor(server.issuer), long)
      const refused = (await begin(createVisitor(server.issuer), long)).leftTo
      expect(refused?.searchParams.get('error')).to.equal('temporarily_unavailable')
      expect((await begin(createVisitor(server.issuer))).status, 'the control: a short one').to.equal(200)
    })
  })

  describe('the headers of an answer', () => {
    const sizeOf = (response: Response) =>
      [...response.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
    for (const [what, state, most] of [
      ['an ordinary request', 'a-state', 4_096],
      ['the longest that a cookie holds', 'x'.repeat(1_500), 8_192],
    ] as const) {
      it(`fit into ${most} bytes for ${what}`, async () => {
        const url = authorizationUrl(server.issuer, 'own', challenge, { state })
        const visitor = createVisitor(server.issuer)
        const begun = await visitor.fetch(url)
        expect(sealed(visitor)).to.have.length(1)
        const page = await visitor.open(begun.headers.get('location')!)
        const { action, body } = signInPost(page, who.email)
        const signed = await visitor.fetch(action, { method: 'POST', body })
        const sizes = [begun, signed].map(sizeOf)
        if (process.env.SIGNET_SHOW)
          console.log(
            what,
            sizes,
            sealed(visitor).map(([, { value }]) => value.length),
          )
        expect(Math.max(...sizes)).to.be.below(most)
      })
    }
  })
})
