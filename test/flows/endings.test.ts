/** What was ended stays ended, whatever was in flight at that moment; and what a person answered is what holds. */
import { connect } from 'node:net'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { api, otherApi, startTestServer, type TestServer } from '../support/server.ts'
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
  signInPost,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('an ending', () => {
  let server: TestServer
  let who: Cast
  const { challenge } = pkce()
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(async () => {
    returnToPresent()
    await server.close()
  })

  const isSignedIn = async (visitor: Visitor) => {
    const { leftTo } = await visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt: 'none' }))
    return leftTo?.searchParams.get('error') !== 'login_required'
  }
  const cookiesOf = (visitor: Visitor) =>
    [...visitor.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`).join('; ')

  /** A form whose body is held back until it is let go: the library has read the session by then, and saves it at the end. */
  async function heldOpen(visitor: Visitor) {
    const body = 'xsrf=wrong'
    const head = `POST /session/end/confirm HTTP/1.1\r\nHost: x\r\nCookie: ${cookiesOf(visitor)}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
    const socket = connect(Number(new URL(server.issuer).port), 'localhost')
    const { findByUid } = server.parts.store.artifacts
    const read = new Promise<void>((resolve) => {
      server.parts.store.artifacts.findByUid = async (...args) => {
        const found = await findByUid(...args)
        if (args[0] === 'Session') resolve()
        return found
      }
    })
    socket.write(head)
    await read
    server.parts.store.artifacts.findByUid = findByUid
    return () =>
      new Promise<void>((resolve) => {
        socket.resume().once('close', () => resolve())
        socket.write(body)
      })
  }

  const endings: [string, (visitor: Visitor) => Promise<unknown>][] = [
    [
      'a sign-out',
      async (visitor) => visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' }),
    ],
    ['a new password', () => server.parts.accounts.setPassword(who.email, password)],
  ]
  for (const [what, end] of endings) {
    for (const held of [false, true]) {
      it(`${what} ends the session${held ? ', also under a request that was held open over it' : ''}`, async () => {
        const { visitor } = await codeFor(server, who.web)
        const copy = createVisitor(server.issuer)
        for (const [key, cookie] of visitor.cookies) copy.cookies.set(key, cookie)
        expect(await isSignedIn(copy), 'before').to.equal(true)
        const letGo = held ? await heldOpen(visitor) : undefined
        await end(visitor)
        await letGo?.()
        expect(await isSignedIn(copy)).to.equal(false)
        travel(2)
      })
    }
  }

  it('a new password ends a sign-in that was given the old one and waits', async () => {
    const thief = createVisitor(server.issuer)
    const page = await thief.open(authorizationUrl(server.issuer, 'web', challenge))
    const { action, body } = signInPost(page, who.email)
    const posted = await thief.fetch(action, { method: 'POST', body })
    expect(posted.status).to.equal(303)
    await server.parts.accounts.setPassword(who.email, password)
    const resumed = await thief.open(posted.headers.get('location') as string)
    expect(resumed.leftTo).to.equal(undefined)
    expect(resumed.html).to.not.include('/consent"')
    travel(2)
    expect((await codeFor(server, who.web)).code, 'the control: the right password still signs in').to.be.a('string')
  })

  describe('of a permission', () => {
    const ask = async (visitor: Visitor, changes: Record<string, string | string[]>, ticks?: string[]) => {
      const { verifier, challenge: own } = pkce()
      const url = authorizationUrl(server.issuer, 'spa', own, changes)
      let page = await visitor.open(url)
      if (page.forms.some(({ action }) => action.endsWith('/sign-in')))
        page = await visitor.submit(page, '/sign-in', { email: who.email, password })
      const boxes =
        page.forms.find(({ action }) => action.endsWith('/consent'))?.fields.filter(([name]) => name === 'scope') ?? []
      const { leftTo } = await visitor.submit(page, '/consent', { decision: 'allow', ...(ticks && { scope: ticks }) })
      const signed = signedFrom(url, leftTo, verifier, visitor)
      return { signed, boxes: boxes.map(([, value]) => value) }
    }

    it('holds at its API, whatever is allowed at another', async () => {
      const visitor = createVisitor(server.issuer)
      await ask(visitor, { resource: api, scope: 'openid notes:read' })
      const taken = await ask(visitor, { resource: api, scope: 'openid notes:read', prompt: 'consent' }, [])
      const { refresh_token: token } = (await redeem(server, who.spa, taken.signed)).body
      await ask(visitor, { resource: otherApi, scope: 'openid mail:read', prompt: 'consent' })
      expect((await refresh(server, who.spa, token!)).body.scope).to.equal('openid')
    })
    it('has one box, however often and in whatever spelling its API was named', async () => {
      const visitor = createVisitor(server.issuer)
      const changes = { resource: [api, `${api}/`, api], scope: 'openid notes:read notes:write', prompt: 'consent' }
      const { boxes, signed } = await ask(visitor, changes, [`${api} notes:read`])
      expect(boxes).to.deep.equal([`${api} notes:read`, `${api} notes:write`])
      for (const resource of [api, `${api}/`]) {
        const again = resource === api ? signed : (await ask(visitor, changes, [`${api} notes:read`])).signed
        const { body } = await redeem(server, who.spa, again, { resource })
        expect(decodeJwt(body.access_token!).scope, resource).to.equal('openid notes:read')
      }
    })
  })

  it('of patience: an address with thousands of parameters is refused before anybody reads it', async () => {
    const many = `/auth?${'a&'.repeat(3_000)}`
    expect((await fetch(server.issuer + many)).status).to.equal(414)
    expect((await fetch(`${server.issuer}/auth?state=${'x'.repeat(9_000)}`)).status).to.equal(414)
    expect((await fetch(`${server.issuer}/auth?state=${'x'.repeat(4_000)}`)).status, 'the control').to.equal(400)
  })
  for (const [path, status] of [
    ['/session/end/confirm', 403],
    ['/Session/end/confirm', 404],
    ['/session/end/confirm/', 404],
  ] as const) {
    it(`S05 refuses a form from another site at ${path}`, async () => {
      const response = await fetch(server.issuer + path, {
        method: 'POST',
        body: new URLSearchParams({ xsrf: 'x' }),
        headers: { 'sec-fetch-site': 'cross-site' },
      })
      expect(response.status).to.equal(status)
    })
  }
})
