/** Each path has one spelling, so that nothing that is decided by it can be gone past by another. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { askForCode, deviceFor } from '../support/device.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast } from '../support/story.ts'

const spellings: Record<string, (path: string) => string> = {
  'with a slash at its end': (path) => `${path}/`,
  'in capitals': (path) => path.toUpperCase(),
  'with one capital': (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  'with a last capital': (path) => path.replace(/[a-z](?=[^a-z]*$)/, (letter) => letter.toUpperCase()),
}

describe('another spelling of a path', () => {
  let server: TestServer
  let who: Cast
  const paths = [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/jwks.json',
    '/jwks',
    '/device',
    '/session/end/confirm',
    '/session/end/success',
    '/assets/style.css',
  ]
  before(async () => {
    server = await startTestServer({ settings: { devices: { requestsPerNetwork: 3 } } })
    who = await cast(server)
    const metadata = (await (await fetch(`${server.issuer}${paths[0]}`)).json()) as Record<string, unknown>
    for (const [name, value] of Object.entries(metadata))
      if (name.endsWith('_endpoint')) paths.push(new URL(String(value)).pathname)
  })
  after(() => server.close())

  const statusOf = async (path: string, method: string) =>
    (await fetch(server.issuer + path, { method, redirect: 'manual' })).status

  for (const [how, spelt] of Object.entries(spellings)) {
    it(`is nothing, whatever is asked there: ${how}`, async () => {
      expect(paths).to.include.members(['/token', '/auth', '/device/auth', '/session/end', '/userinfo', '/par'])
      for (const path of paths) {
        for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
          expect(await statusOf(spelt(path), method), `${method} ${spelt(path)}`).to.equal(404)
        const right = await Promise.all(['GET', 'POST'].map((method) => statusOf(path, method)))
        expect(
          right.some((status) => status !== 404),
          path,
        ).to.equal(true)
      }
    })
  }

  it('is nothing beside an id either, which may have capitals itself', async () => {
    for (const path of ['/auth', '/device', '/interaction']) {
      expect(await statusOf(`${path}/aB-c_D`, 'GET'), path).to.be.oneOf([400, 405])
      for (const other of [`${path.toUpperCase()}/aB-c_D`, `${path}/aB-c_D/`, `${path}/`])
        expect(await statusOf(other, 'GET'), other).to.equal(404)
    }
    expect(await statusOf('/interaction/aB-c_D/sign-in', 'POST')).to.equal(400)
    for (const other of ['/interaction/aB-c_D/Sign-in', '/interaction/aB-c_D/sign-in/'])
      expect(await statusOf(other, 'POST'), other).to.equal(404)
  })

  it('sends the code of a device nowhere: no address of that page leads to a form that sends itself (RFC 8628 s5.4)', async () => {
    const { verification_uri_complete: complete } = await deviceFor(server, who.tv)
    for (const path of ['/device', '/device/', '/DEVICE', '/Device']) {
      const page = await createVisitor(server.issuer).open(complete.replace('/device', path))
      expect(page.html, path).to.not.include('submit()')
      expect(page.headers.get('content-security-policy'), path).to.include("script-src 'self';")
    }
  })

  it('is no way past the limit of codes for devices, which counts what was given and not what was asked', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 3; n++) statuses.push((await askForCode(server, who.web)).status)
    for (const path of ['/device/auth', '/device/auth', '/device/auth', '/device/auth/', '/DEVICE/auth']) {
      const body = new URLSearchParams({ client_id: who.tv.id, scope: 'openid' })
      statuses.push((await fetch(server.issuer + path, { method: 'POST', body })).status)
    }
    expect(statuses).to.deep.equal([401, 401, 401, 200, 200, 429, 404, 404])
  })
})
