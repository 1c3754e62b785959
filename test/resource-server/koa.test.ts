import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import { expect } from 'chai'
import Koa from 'koa'
import { koa, type Protected, type ScopeOf } from '../../src/resource-server/index.ts'
import { API, createApi, ISSUER, mint, type notes } from './support.ts'

describe('kit: the Koa adapter', () => {
  let url: string
  let close: () => void
  let ran = 0

  before(async () => {
    const { protect, metadata } = koa(createApi())
    const router = new Router<Protected<ScopeOf<typeof notes>>>()
    router.get('/notes', protect('notes:read'), (ctx) => {
      ran++
      ctx.body = { subject: ctx.state.auth.subject, may: ctx.state.auth.has('notes:read') }
    })
    router.get('/any', protect({ optional: true }), (ctx) => {
      ctx.body = { subject: ctx.state.auth?.subject ?? 'nobody' }
    })
    const server = new Koa().use(metadata()).use(router.routes()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = () => server.close()
  })
  after(() => close())

  const get = (path: string, token?: string) => fetch(url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} })

  it('puts who calls into the state', async () => {
    const response = await get('/notes', mint())
    expect(response.status).to.equal(200)
    expect(await response.json()).to.deep.equal({ subject: 'ada', may: true })
  })
  it('answers who may not, and the handler does not run', async () => {
    ran = 0
    const nobody = await get('/notes')
    expect(nobody.status).to.equal(401)
    expect(nobody.headers.get('www-authenticate')).to.match(/^Bearer scope="notes:read", resource_metadata="/)
    expect(nobody.headers.get('cache-control')).to.equal('no-store')
    const lacking = await get('/notes', mint({ scope: 'notes:readonly' }))
    expect(lacking.status).to.equal(403)
    expect(await lacking.json()).to.have.property('error', 'insufficient_scope')
    expect((await get('/notes', 'junk')).status).to.equal(401)
    expect((await get(`/notes?access_token=${mint()}`)).status).to.equal(400)
    expect(ran).to.equal(0)
  })
  it('lets nobody pass where credentials are optional, and nobody with bad ones', async () => {
    expect(await (await get('/any')).json()).to.deep.equal({ subject: 'nobody' })
    expect(await (await get('/any', mint())).json()).to.deep.equal({ subject: 'ada' })
    expect((await get('/any', 'junk')).status).to.equal(401)
  })
  it('serves the metadata at its well-known path', async () => {
    const response = await get('/.well-known/oauth-protected-resource')
    expect(response.headers.get('content-type')).to.include('application/json')
    expect(await response.json()).to.deep.equal({
      resource: API,
      authorization_servers: [ISSUER],
      scopes_supported: ['notes:read', 'notes:write', 'notes:readonly'],
      bearer_methods_supported: ['header'],
    })
    expect((await fetch(`${url}/.well-known/oauth-protected-resource`, { method: 'POST' })).status).to.equal(404)
  })
  it('refuses a requirement that cannot be when the route is made', () => {
    const { protect } = koa(createApi())
    // @ts-expect-error: the resource declares no such scope
    expect(() => protect('notes:reed')).to.throw(TypeError)
  })
})
