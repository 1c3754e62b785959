/** A sign-in that another proof than a password begins: what its ticket opens, once, and for whom it opens nothing. */

import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
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
  signedFrom,
} from '../support/story.ts'
import { giveTicket } from '../support/tickets.ts'
import { now, returnToPresent, travel } from '../support/time.ts'
import { countWrites } from '../support/writes.ts'

describe('a ticket', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())

  const { verifier, challenge } = pkce()
  const url = (changes: Parameters = {}, client = 'own') => authorizationUrl(server.issuer, client, challenge, changes)
  const ticket = (account = who.subject) => ({ account, amr: ['email'], provenAt: now() })
  const asks = (page: Page) => page.forms.some(({ action }) => action.endsWith('/sign-in'))
  async function holder(more = {}, uid?: string): Promise<Visitor> {
    const visitor = createVisitor(server.issuer)
    await giveTicket(server, visitor, { ...ticket(), ...more }, uid)
    return visitor
  }

  it('signs its person in without asking, and says by what they were known', async () => {
    const provenAt = now()
    const visitor = await holder({ by: 'link', provenAt })
    const { leftTo } = await visitor.open(url())
    const { body } = await redeem(server, who.own, signedFrom(url(), leftTo, verifier, visitor))
    const claims = decodeJwt(body.access_token as string)
    expect(claims).to.include({ sub: who.subject, acr: 'urn:signet:acr:link', auth_time: provenAt })
    expect(claims.amr).to.deep.equal(['email'])
    expect(
      [...visitor.cookies.keys()].filter((key) => key.startsWith('signet_ticket')),
      'it is gone',
    ).to.deep.equal([])
  })

  it('writes no more than a sign-in by password', async () => {
    const writtenBy = countWrites(server)
    const visitor = await holder()
    const byTicket = await writtenBy(async () => void (await visitor.open(url())))
    const byPassword = await writtenBy(() => codeFor(server, who.own))
    expect(byTicket).to.deep.equal(byPassword)
  })

  it('begins one session, however many have a copy, fifty at once', async () => {
    const visitor = await holder()
    const copies = Array.from({ length: 50 }, () => {
      const copy = createVisitor(server.issuer)
      for (const [key, cookie] of visitor.cookies) copy.cookies.set(key, cookie)
      return copy
    })
    const codeOf = (page: Page) => page.leftTo?.searchParams.get('code')
    const answers = await Promise.all(copies.map((copy) => copy.open(url())))
    expect(answers.filter(codeOf)).to.have.length(1)
    const controls = await Promise.all(copies.map(async () => (await holder()).open(url())))
    expect(controls.filter(codeOf), 'the control: a ticket each').to.have.length(50)
  })

  it('S01 begins a session of its own, whatever the browser had before', async () => {
    const visitor = await holder()
    visitor.cookies.set('signet_session /', { value: 'of-an-attacker-s-choice', path: '/', attributes: '' })
    await visitor.open(url())
    const session = visitor.cookies.get('signet_session /')?.value
    expect(session).to.be.a('string').and.not.equal('of-an-attacker-s-choice')
  })

  for (const [what, changes] of [
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
  ] as const) {
    it(`S11 A23 is no answer to ${what}, unless it was made for that very sign-in`, async () => {
      const visitor = await holder()
      travel(1)
      const page = await visitor.open(url(changes))
      expect(asks(page)).to.equal(true)
      const uid = page.url.pathname.split('/').at(-1)
      await giveTicket(server, visitor, ticket(), uid)
      expect((await visitor.open(page.url)).leftTo?.searchParams.get('code'), 'the control').to.be.a('string')
    })
  }

  it('is no answer where somebody else is asked for, or another sign-in is under way', async () => {
    expect(asks(await (await holder({}, 'another-sign-in')).open(url()))).to.equal(true)
  })

  const ends: [string, (visitor: Visitor, email: string) => Promise<unknown> | unknown][] = [
    ['two minutes', () => travel(121)],
    ['a new password', (_, email) => server.parts.accounts.setPassword(email, password)],
    ['the end of its account', (_, email) => server.parts.accounts.disable(email)],
    [
      'an altered byte',
      ({ cookies }) => {
        for (const [key, cookie] of cookies) cookies.set(key, { ...cookie, value: `A${cookie.value.slice(1)}B` })
      },
    ],
  ]
  for (const [what, end] of ends) {
    it(`is no good after ${what}: the page asks`, async () => {
      const email = `${what.replaceAll(' ', '-')}@example.com`
      const { id } = await server.parts.accounts.add({ email, password })
      const [control, visitor] = [await holder({ account: id }), await holder({ account: id })]
      expect((await control.open(url())).leftTo, 'the control').to.be.instanceOf(URL)
      await end(visitor, email)
      expect(asks(await visitor.open(url()))).to.equal(true)
    })
  }

  it('does nothing for a HEAD', async () => {
    const visitor = await holder()
    const page = await createVisitor(server.issuer).open(url())
    await visitor.fetch(page.url, { method: 'HEAD' })
    expect([...visitor.cookies.keys()].some((key) => key.startsWith('signet_ticket'))).to.equal(true)
  })
})
