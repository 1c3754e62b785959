import { expect } from 'chai'
import { routeOf } from '../../src/web/route-names.ts'
import { startTestServer } from '../support/server.ts'

describe('the names of routes', () => {
  for (const [path, name] of [
    ['/token', 'token'],
    ['/auth?client_id=web&state=s3cret', 'authorization'],
    ['/auth/s3cret', 'resume'],
    ['/interaction/s3cret', 'interaction'],
    ['/interaction/s3cret/', 'interaction'],
    ['/interaction/s3cret/sign-in', 'interaction_form'],
    ['/device/s3cret', 'device_resume'],
    ['/assets/style.css?v=1', 'asset'],
    ['/.well-known/jwks.json', 'jwks'],
    ['/token/s3cret', 'other'],
    ['/Token', 'other'],
    ['/constructor', 'other'],
    ['', 'other'],
  ] as const)
    it(`have ${name} for ${path}`, () => expect(routeOf(path)).to.equal(name))

  it('have one for every endpoint that the metadata names', async () => {
    const server = await startTestServer({
      settings: { trustedProxies: ['192.0.2.1'], mutualTls: { certificateHeader: 'client-cert' } },
    })
    const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
    await server.close()
    const endpoints = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name))
    expect(endpoints).to.have.length.greaterThan(6)
    for (const [name, url] of endpoints) expect(routeOf(new URL(url as string).pathname), name).to.not.equal('other')
  })
})
