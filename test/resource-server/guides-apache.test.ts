/** What docs/resource-servers.md says of mod_auth_openidc and mod_oauth2, in a real Apache before a real server: as an API, and as a client. */

import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Apache, describeWithApache, portsFor, startApache } from '../support/apache.ts'
import { selfSigned } from '../support/certificate.ts'
import { freePort } from '../support/ports.ts'
import { revoke } from '../support/questions.ts'
import { temporaryFolder } from '../support/server.ts'
import { type Credentials, passThrough } from '../support/story.ts'
import { until } from '../support/until.ts'
import { blocksOf, type GuideIssuer, guidedApi, saidToAccept, startGuideIssuer } from './guides.ts'

const { block } = blocksOf('apache')
type Site = 'introspection' | 'offline' | 'offlineAlone' | 'oauth2' | 'oauth2Alone' | 'client'

describeWithApache('guides: Apache', () => {
  const trusted = getCACertificates('default')
  let from: GuideIssuer
  let apache: Apache<Site>

  before(async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const { certificate, key } = selfSigned(['localhost'])
    const tls = { certificate: path.join(folder, 'certificate.pem'), key: path.join(folder, 'key.pem') }
    writeFileSync(tls.certificate, certificate)
    writeFileSync(tls.key, key, { mode: 0o600 })
    setDefaultCACertificates([...trusted, certificate])
    // Apache speaks http here, where in the guide it speaks https.
    const outgoing = { allowPrivateNetworks: true }
    from = await startGuideIssuer({ listen: { host: 'localhost', port: await freePort(), tls }, outgoing })
    const ports = await portsFor('introspection', 'offline', 'offlineAlone', 'oauth2', 'oauth2Alone', 'client')
    const own = `http://localhost:${ports.client}`
    const { clients } = from.server.parts
    const asked = await clients.add({ id: 'notes-api', name: 'Notes', kind: 'api', serves: [guidedApi] })
    const web = await clients.add({
      id: 'apache',
      name: 'Apache',
      kind: 'web',
      redirectUris: [`${own}/signed-in`],
      postLogoutRedirectUris: [`${own}/bye`],
      backchannelLogoutUri: `${own}/signed-in?logout=backchannel`,
    })
    const site = (name: string, { id, secret }: Credentials = { id: 'none' }) =>
      [
        `Define issuer ${from.issuer}\nDefine client_id ${id}\nDefine client_secret ${secret}\nDefine passphrase long-enough-for-this`,
        `OIDCCABundlePath ${tls.certificate}\nHeader set X-User "expr=%{REMOTE_USER}"`,
        // This module has no setting for a certificate of our own.
        block(name).replaceAll('https://notes.example.com', own).replace('verify.exp', 'jwks_uri.ssl_verify=false&verify.exp'),
      ].join('\n')
    /** As if the guide had not those lines. */
    const alone = (text: string) => text.replace(/<RequireAll>.*<\/RequireAll>/s, 'Require valid-user')
    apache = await startApache(
      ports,
      {
        introspection: site('introspection', { id: 'notes-api', secret: asked.secret }),
        offline: site('offline'),
        offlineAlone: alone(site('offline')),
        oauth2: site('mod_oauth2'),
        oauth2Alone: alone(site('mod_oauth2')),
        client: site('client', { id: 'apache', secret: web.secret }),
      },
      { notes: 'the notes', bye: 'bye' },
    )
  })
  after(async () => {
    await apache?.close()
    await from?.server.close()
    setDefaultCACertificates(trusted)
  })

  async function ask(site: Site, token?: string) {
    const { status, headers } = await fetch(
      `${apache.urls[site]}/notes`,
      token ? { headers: { authorization: `Bearer ${token}` } } : {},
    )
    return { status, user: headers.get('x-user'), challenge: headers.get('www-authenticate') }
  }
  async function accepted(site: Site): Promise<string[]> {
    const kinds: string[] = []
    for (const [kind, make] of Object.entries(from.bad)) if ((await ask(site, make())).status === 200) kinds.push(kind)
    return kinds
  }

  for (const [site, row] of [
    ['introspection', '`mod_auth_openidc` that asks'],
    ['offline', '`mod_auth_openidc` by those lines'],
    ['oauth2', '`mod_oauth2` by those lines'],
  ] as const) {
    it(`${site}: lets in a person's token, and refuses all but what the guide says`, async () => {
      expect(await ask(site, from.good)).to.include({ status: 200, user: from.subject })
      expect(await ask(site, from.withoutScope)).to.include({ status: 401 })
      expect((await ask(site)).challenge).to.match(/^Bearer /)
      expect((await accepted(site)).sort()).to.deep.equal(saidToAccept(row).sort())
    })
  }
  for (const [site, row] of [
    ['offlineAlone', '`mod_auth_openidc`'],
    ['oauth2Alone', '`mod_oauth2`'],
  ] as const) {
    it(`${row}: accepts without those lines what the guide says, no more and no less`, async () => {
      expect((await ask(site, from.good)).status).to.equal(200)
      expect((await accepted(site)).sort()).to.deep.equal(saidToAccept(row).sort())
    })
  }
  it('that asks lets nobody in by a token that was revoked since', async () => {
    expect((await ask('introspection', from.good)).status, 'the control').to.equal(200)
    await revoke(from.server, from.app, from.good)
    expect((await ask('introspection', from.good)).status).to.equal(401)
  })

  describe('as a client', () => {
    /** As a browser goes to an address: what `fetch` says of itself is a script, which is not sent to sign in. */
    function browserOf(url: string) {
      const cookies = new Map<string, string>()
      return {
        cookies,
        async open(target: string | URL): Promise<{ status?: number; location: string; user?: string }> {
          const cookie = [...cookies].map((one) => one.join('=')).join('; ')
          const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', cookie }
          const request = get(new URL(target, url), { headers, agent: false })
          const [response] = (await once(request, 'response')) as [IncomingMessage]
          response.resume()
          for (const line of response.headers['set-cookie'] ?? []) {
            const [name, value] = (line.split(';')[0] as string).split('=') as [string, string]
            cookies[value === '' ? 'delete' : 'set'](name, value)
          }
          return {
            status: response.statusCode,
            location: response.headers.location ?? '',
            user: response.headers['x-user'] as string,
          }
        },
      }
    }
    async function answerFor(browser: ReturnType<typeof browserOf>, visitor = createVisitor(from.issuer)): Promise<URL> {
      const { location } = await browser.open('/notes')
      return passThrough(visitor, await visitor.open(location))
    }

    it('signs a person in', async () => {
      const browser = browserOf(apache.urls.client)
      const signedIn = await browser.open(await answerFor(browser))
      expect(signedIn).to.include({ status: 302, location: `${apache.urls.client}/notes` })
      expect(await browser.open('/notes')).to.include({ status: 200, user: from.subject })
    })
    const answers: Record<string, (answer: URL) => void> = {
      'of another issuer (RFC 9207)': (answer) => answer.searchParams.set('iss', 'https://evil.example'),
      'with another code': (answer) => answer.searchParams.set('code', `${answer.searchParams.get('code')}x`),
      'with another state': (answer) => answer.searchParams.set('state', 'x'),
    }
    for (const [what, change] of Object.entries(answers)) {
      it(`signs nobody in by an answer ${what}`, async () => {
        const browser = browserOf(apache.urls.client)
        const answer = await answerFor(browser)
        change(answer)
        expect((await browser.open(answer)).location).to.equal('')
        expect((await browser.open('/notes')).user).to.equal(undefined)
      })
    }
    it('signs nobody in by the answer to another browser', async () => {
      const [browser, other] = [browserOf(apache.urls.client), browserOf(apache.urls.client)]
      const answer = await answerFor(browser)
      await other.open('/notes')
      expect((await other.open(answer)).location).to.equal('')
      expect((await browser.open(answer)).location, 'its own').to.equal(`${apache.urls.client}/notes`)
    })
    it('ends its session when the person signs out here, by a logout token', async () => {
      const browser = browserOf(apache.urls.client)
      const [visitor, another] = [createVisitor(from.issuer), createVisitor(from.issuer)]
      const otherBrowser = browserOf(apache.urls.client)
      await browser.open(await answerFor(browser, visitor))
      await otherBrowser.open(await answerFor(otherBrowser, another))
      expect((await browser.open('/notes')).user).to.equal(from.subject)
      const page = await visitor.open('/session/end')
      await visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
      await until('the end of the session', async () => (await browser.open('/notes')).user === undefined)
      expect((await otherBrowser.open('/notes')).user, 'another session').to.equal(from.subject)
    })
  })
})
