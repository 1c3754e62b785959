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
})
