/** What docs/resource-servers.md shows, to be run as it stands there, beside a real Signet whose API it protects. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { badTokens } from '../../src/resource-server/testing/bad-tokens.ts'
import { goodHeader, signed, type TestKey } from '../../src/resource-server/testing/minting.ts'
import { declared, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { type Credentials, codeFor, password, redeem, redirectUri, refresh, tokensFor } from '../support/story.ts'

export const root = path.resolve(import.meta.dirname, '../..')
export const guide = readFileSync(path.join(root, 'docs/resource-servers.md'), 'utf8')

/** The blocks of a language by their names: what follows the language. */
export function blocksOf(language: string): { names: string[]; block(name: string): string } {
  const blocks = new Map(
    [...guide.matchAll(new RegExp(`^\`\`\`${language} (.+)\\n([\\s\\S]+?)^\`\`\`$`, 'gm'))].map(([, name, code]) => [
      name as string,
      code as string,
    ]),
  )
  return { names: [...blocks.keys()], block: (name) => blocks.get(name) ?? expect.fail(`the guide has no block ${name}`) }
}

/** What the guide's table says that something accepts by itself: the row that begins so. */
export function saidToAccept(what: string): string[] {
  const row = guide.split('\n').find((line) => line.startsWith(`| ${what} |`)) ?? expect.fail(`no row of ${what}`)
  return [...row.slice(what.length + 3).matchAll(/`(\w+)`/g)].map(([, kind]) => kind as string)
}

export const guidedApi = 'https://api.example.com'

export interface GuideIssuer {
  server: TestServer
  issuer: string
  /** A web app that may ask for everything. */
  app: Credentials
  subject: string
  /** A person's, as the server issued it. */
  good: string
  /** Another of another sign-in, to be ended. */
  another(): Promise<string>
  /** The same without the scope that the guide asks for. */
  withoutScope: string
  /** Each kind that has to be refused, what the server issued for other places among them. By the server's own key, where it is what they do not lack. */
  bad: Record<string, () => string>
  /** An API key of that person, and what ends it. */
  apiKey(): Promise<{ key: string; end(): Promise<unknown> }>
  /** A good token with other claims, by the server's own key. */
  signed(claims: object): string
}

/** The same bytes in other letters: of the last one of an ES256 signature two bits count. */
export const respelled = (token: string): string =>
  token.replace(/.$/, (last) => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[last] ?? expect.fail('no ES256 signature'))

/** Claims that are there, and name nobody or no time: this server signs none such, and `signet gauntlet` does. */
export const sayingNothing: object[] = [
  { client_id: null },
  { client_id: [] },
  { jti: '' },
  { jti: { a: 1 } },
  { sub: '' },
  { nbf: true },
]

export async function startGuideIssuer(settings: Record<string, unknown> = {}): Promise<GuideIssuer> {
  const scopes = { 'notes:read': { description: 'Read your notes' }, other: { description: 'Do something else' } }
  const apis = [...declared.apis, { identifier: guidedApi, name: 'Notes by the guide', scopes, apiKeys: true }]
  const server = await startTestServer({ settings: { apis, ...settings } })
  const { accounts, clients, apiKeys } = server.parts
  const account = await accounts.add({ email: 'ada@example.com', password })
  const subject = account.id
  const may = { [guidedApi]: Object.keys(scopes), [otherApi]: ['mail:read'] }
  const { secret } = await clients.add({ id: 'app', name: 'App', kind: 'web', redirectUris: [redirectUri], apis: may })
  const app = { id: 'app', secret }

  const resource = [guidedApi, otherApi]
  const signedIn = await codeFor(server, app, { scope: 'openid notes:read other mail:read', resource })
  const first = (await redeem(server, app, signedIn, { resource: guidedApi })).body
  const forOther = (await refresh(server, app, first.refresh_token as string, { resource: otherApi })).body
  const good = first.access_token as string

  const ringOfKeys = (await server.parts.apiKeyRing()) ?? expect.fail('no ring of API keys')
  const now = () => Math.floor(Date.now() / 1000)
  const key = (): TestKey => server.ring.current('ES256') as TestKey
  const claims = () => ({ ...decodeJwt(good), iat: now(), exp: now() + 300, jti: randomUUID() })
  const keyOfKeys = (): TestKey => ({ ...(ringOfKeys.current('ES256') as TestKey), signs: ['api-key+jwt'] })
  const byServer = (more: object) => signed(goodHeader(key()), { ...claims(), ...more }, key())
  return {
    server,
    issuer: server.issuer,
    app,
    subject,
    good,
    another: async () =>
      (await tokensFor(server, app, { scope: 'openid notes:read', resource: guidedApi })).access_token as string,
    withoutScope: byServer({ scope: 'openid other notes:reader' }),
    bad: {
      ...badTokens({ key, keyOfKeys, claims, claimsOfKey: claims, now }),
      idTokenOfItsPerson: () => first.id_token as string,
      tokenForAnotherApi: () => forOther.access_token as string,
    },
    async apiKey() {
      const asked = { name: 'laptop', audience: guidedApi, scopes: ['notes:read'], expiresAt: now() + 86_400 }
      const { key, row } = await apiKeys.mint({ account }, asked, {})
      return { key, end: () => apiKeys.end('operator', row.jti, 'operator', {}) }
    },
    signed: byServer,
  }
}
