/** A server by `config/conformance.yaml` and nothing else, over TLS by a certificate of this run, and a relying party as the suite is one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'
import * as client from 'openid-client'
import { silentLog } from '../../src/base/log.ts'
import { type RunningServer, startServer } from '../../src/main.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { type Certificate, selfSigned } from '../support/certificate.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/server.ts'
import { password } from '../support/story.ts'
import { createWorld, person, type World } from './world.ts'

export const suite = 'https://suite.example.com/test/a/signet'
export const callback = `${suite}/callback`

export interface ConformanceServer {
  issuer: string
  world: World
  subject: string
  /** What the person types. */
  login: { email: string; password: string }
  certificate: Certificate
  /** Registers a client beside those of the file. */
  add: RunningServer['parts']['clients']['add']
  close(): Promise<void>
}

export async function startConformanceServer(): Promise<ConformanceServer> {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  const own = selfSigned()
  const { certificate, key } = own
  const trusted = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...trusted, certificate])
  const at = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 })
    return path.join(folder, name)
  }
  const port = await freePort()
  const issuer = `https://localhost:${port}`
  const world = createWorld(issuer, suite)
  const settings = loadSettings({
    ...world.env,
    SIGNET_PORT: String(port),
    SIGNET_TLS_CERTIFICATE: at('certificate.pem', certificate),
    SIGNET_TLS_KEY: at('key.pem', key),
    SIGNET_DATA: path.join(folder, 'data'),
    SIGNET_KEYS: path.join(folder, 'keys'),
  })
  const server: RunningServer = await startServer(settings, { log: silentLog })
  const account = await server.parts.accounts.add({ email: person.email, name: 'Ada Lovelace', password })
  await server.parts.accounts.setClaims(person.email, person.claims)
  return {
    issuer,
    world,
    subject: account.id,
    login: { email: person.email, password },
    certificate: own,
    add: server.parts.clients.add,
    async close() {
      tls.setDefaultCACertificates(trusted)
      await server.close()
    },
  }
}

export interface Suite {
  config: client.Configuration
  /** An authorization request as the suite makes it: without PKCE. `undefined` leaves a parameter out. */
  request(changes?: Record<string, string | undefined>): Promise<{ url: URL; checks: client.AuthorizationCodeGrantChecks }>
  /** Opens the request and does whatever the pages ask. */
  authorize(url: URL, visitor?: Visitor): Promise<URL>
  /** Where the browser is: with an answer at the client, or on a page. */
  arrived(page: Page): URL | undefined
  signIn(
    changes?: Record<string, string | undefined>,
    visitor?: Visitor,
  ): Promise<{
    tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers
    claims: client.IDToken
    visitor: Visitor
    checks: client.AuthorizationCodeGrantChecks
    back: URL
  }>
}

export async function createSuite(
  { issuer }: ConformanceServer,
  id: string,
  secret: string,
  {
    authentication = client.ClientSecretBasic(secret),
    known = {},
  }: { authentication?: client.ClientAuth; known?: Partial<client.ClientMetadata> } = {},
): Promise<Suite> {
  const config = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'RS256', ...known }, authentication)

  const one: Suite = {
    config,
    async request(changes = {}) {
      const [state, nonce] = [client.randomState(), client.randomNonce()]
      const all = {
        scope: 'openid',
        redirect_uri: callback,
        state,
        nonce,
        ...changes,
      }
      const parameters = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
      const url = client.buildAuthorizationUrl(config, Object.fromEntries(parameters))
      if ('response_type' in changes && changes.response_type === undefined) url.searchParams.delete('response_type')
      return {
        url,
        checks: { expectedState: state, idTokenExpected: true, ...(all.nonce !== undefined && { expectedNonce: nonce }) },
      }
    },
    arrived: (page) => page.leftTo,
    async authorize(url, visitor = createVisitor(issuer)) {
      let page = await visitor.open(url)
      if (page.forms.some(({ action }) => action.endsWith('/sign-in')))
        page = await visitor.submit(page, '/sign-in', { email: person.email, password })
      if (page.forms.some(({ action }) => action.endsWith('/consent')))
        page = await visitor.submit(page, '/consent', { decision: 'allow' })
      const back = one.arrived(page)
      if (!back) throw new Error(`still at ${page.url} (${page.status}): ${page.html}`)
      return back
    },
    async signIn(changes, visitor = createVisitor(issuer)) {
      const { url, checks } = await one.request(changes)
      const back = await one.authorize(url, visitor)
      const tokens = await client.authorizationCodeGrant(config, back, checks)
      return { tokens, claims: tokens.claims()!, visitor, checks, back }
    },
  }
  return one
}
