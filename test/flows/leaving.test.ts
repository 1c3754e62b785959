/** What ends when a person leaves, by whichever way, and what does not when they stay. */
import { expect } from 'chai'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, type Credentials, cast, pkce, refresh, tokensFor } from '../support/story.ts'

describe('whoever leaves', () => {
  let server: TestServer
  let who: Cast
  const { challenge } = pkce()
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  const userinfo = async ({ access_token }: Record<string, string>) =>
    (await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })).status
  const refreshed = async (client: Credentials, { refresh_token }: Record<string, string>) =>
    (await refresh(server, client, refresh_token!)).status
  const ask = (visitor: Visitor, prompt: string) => visitor.open(authorizationUrl(server.issuer, 'web', challenge, { prompt }))
  const signOut = (visitor: Visitor) => visitor.open('/session/end')

  const ways: Record<string, (visitor: Visitor) => Promise<unknown>> = {
    'signs out': async (visitor) => visitor.submit(await signOut(visitor), '/session/end/confirm', { logout: 'yes' }),
    'switches the account at consent': async (visitor) => visitor.submit(await ask(visitor, 'consent'), '/switch', {}),
    'chooses another account': async (visitor) => visitor.submit(await ask(visitor, 'select_account'), '/switch', {}),
  }
  for (const [how, leave] of Object.entries(ways)) {
    it(`${how}: their tokens end with every client, but for what was allowed for when they are away`, async () => {
      const visitor = createVisitor(server.issuer)
      const [web, own] = [await tokensFor(server, who.web, {}, visitor), await tokensFor(server, who.own, {}, visitor)]
      const away = { scope: 'openid offline_access notes:read', prompt: 'consent' }
      const native = await tokensFor(server, who.native, away, visitor)
      const elsewhere = await tokensFor(server, who.web)
      expect(await Promise.all([web, own, native, elsewhere].map(userinfo)), 'before').to.deep.equal([200, 200, 200, 200])
      await leave(visitor)
      expect(await Promise.all([web, own, native, elsewhere].map(userinfo))).to.deep.equal([401, 401, 200, 200])
      expect(await refreshed(who.web, web)).to.equal(400)
      expect(await refreshed(who.own, own)).to.equal(400)
      expect(await refreshed(who.native, native), 'offline_access').to.equal(200)
      expect(await refreshed(who.web, elsewhere), 'another browser').to.equal(200)
    })
  }

  const afterwards = 'https://app.example.com/bye'
  const leads: Record<string, (tokens: Record<string, string>) => Record<string, string>> = {
    'nothing said of who asks': () => ({}),
    'a client': () => ({ client_id: 'web' }),
    'a client, and where to go then': () => ({ client_id: 'web', post_logout_redirect_uri: afterwards, state: 'x' }),
    'an ID token': ({ id_token }) => ({ id_token_hint: id_token! }),
  }
  for (const [what, query] of Object.entries(leads)) {
    it(`may stay instead, and nothing has ended, for ${what}`, async () => {
      const visitor = createVisitor(server.issuer)
      const tokens = await tokensFor(server, who.web, {}, visitor)
      const page = await visitor.open(`/session/end?${new URLSearchParams(query(tokens))}`)
      const stayed = await visitor.submit(page, '/session/end/confirm', {})
      expect([stayed.status, stayed.leftTo]).to.deep.equal([200, undefined])
      expect(stayed.html).to.include('You are still signed in').and.include(who.email).and.not.include('signed out')
      expect(stayed.headers.get('location')).to.equal(null)
      expect(await userinfo(tokens)).to.equal(200)
      expect(await refreshed(who.web, tokens)).to.equal(200)
      expect((await ask(visitor, 'none')).leftTo?.searchParams.get('code'), 'the session').to.be.a('string')
      const left = await visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
      expect(await userinfo(tokens), 'the control: the other button').to.equal(401)
      if (what.includes('where to go')) expect(left.leftTo?.href).to.equal(`${afterwards}?state=x`)
      else expect(left.html).to.include('You are signed out')
    })
  }

  it('may do so by a page that was open before another tab asked the same', async () => {
    const visitor = createVisitor(server.issuer)
    await tokensFor(server, who.web, {}, visitor)
    const [first, second] = [await signOut(visitor), await visitor.open('/session/end?client_id=web')]
    for (const page of [second, first])
      expect((await visitor.submit(page, '/session/end/confirm', {})).html).to.include('You are still signed in')
    expect((await visitor.submit(first, '/session/end/confirm', { logout: 'yes' })).html).to.include('You are signed out')
    const other = createVisitor(server.issuer)
    await tokensFor(server, who.web, {}, other)
    await signOut(other)
    const forged = await other.submit(second, '/session/end/confirm', { logout: 'yes' })
    expect(forged.status, 'another browser’s secret').to.equal(400)
  })
})
