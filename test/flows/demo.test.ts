import { expect } from 'chai'
import { demoClients, seedDemo } from '../../src/demo.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { pkce } from '../support/story.ts'

describe('the demo data', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  /** As `npm start` on these ports. */
  async function started(apiPort: number, clientPort: number): Promise<void> {
    const { settings } = server.parts
    const [first, ...rest] = settings.apis
    const apis = [{ ...first!, identifier: `http://localhost:${apiPort}` }, ...rest]
    await seedDemo({ ...server.parts, settings: { ...settings, apis, samples: { apiPort, clientPort } } })
  }
  const answerFor = async (clientPort: number) => {
    const { challenge } = pkce()
    const query = new URLSearchParams({
      client_id: demoClients.web,
      redirect_uri: `http://localhost:${clientPort}/callback`,
      response_type: 'code',
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    return (await fetch(`${server.issuer}/auth?${query}`, { redirect: 'manual' })).status
  }

  it('serves both of two that were started on other ports with the same data, the newest first', async () => {
    await started(4001, 4002)
    await started(5001, 5002)
    expect([await answerFor(4002), await answerFor(5002), await answerFor(6002)]).to.deep.equal([303, 303, 400])
    const web = (await server.parts.clients.find(demoClients.web))!
    expect(web.post_logout_redirect_uris).to.deep.equal(['http://localhost:5002/', 'http://localhost:4002/'])
    for (const id of Object.values(demoClients)) {
      const { apis } = (await server.parts.clients.find(id))!
      expect(Object.keys(apis), id).to.deep.equal(['http://localhost:5001', 'http://localhost:4001'])
    }
    await started(4001, 4002)
    expect((await server.parts.clients.find(demoClients.web))!.redirect_uris?.[0]).to.equal('http://localhost:4002/callback')
  })

  it('keeps the newest ten', async () => {
    for (let n = 1; n <= 12; n++) await started(7_000 + n, 8_000 + n)
    const { redirect_uris: uris = [], apis } = (await server.parts.clients.find(demoClients.web))!
    expect(uris).to.deep.equal(Array.from({ length: 10 }, (_, n) => `http://localhost:${8_012 - n}/callback`))
    expect(Object.keys(apis)).to.have.length(10)
    expect((await server.parts.clients.find(demoClients.native))!.redirect_uris).to.have.length(1)
  })

  it('takes nothing from a client that somebody registered under such a name', async () => {
    const { clients } = server.parts
    await clients.remove(demoClients.web)
    const redirectUris = ['https://app.example.com/callback']
    await clients.add({ id: demoClients.web, name: 'Mine', kind: 'web', redirectUris })
    await started(4001, 4002)
    expect((await clients.find(demoClients.web))!.redirect_uris).to.deep.equal(['http://localhost:4002/callback'])
  })
})
