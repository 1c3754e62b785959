/** The steps that most stories over HTTP begin with: clients, a person, an authorization request, a code, tokens. */
import { createHash, randomBytes } from 'node:crypto'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { api, otherApi, type TestServer } from './server.ts'

/** A server wherever it runs. */
export type Site = Pick<TestServer, 'issuer'>

export const password = 'correct horse battery staple'
export const redirectUri = 'https://app.example.com/callback'
export const loopbackUri = 'http://127.0.0.1/callback'

export interface Credentials {
  id: string
  secret?: string
}

export interface Cast {
  /** Confidential, PKCE on. */
  web: Credentials
  /** Confidential, exempt from PKCE. */
  exempt: Credentials
  spa: Credentials
  native: Credentials
  /** A television: no browser, a code to type elsewhere. */
  tv: Credentials
  machine: Credentials
  /** Confidential, first party. */
  own: Credentials
  email: string
  subject: string
}

/** Everything that the server's APIs have of these. */
function allScopes({ settings }: TestServer): Record<string, string[]> {
  const ours = settings.apis.filter(({ identifier }) => [api, otherApi].includes(identifier))
  return Object.fromEntries(ours.map(({ identifier, scopes }) => [identifier, Object.keys(scopes)]))
}

/** Registers one client of each kind and one person. */
export async function cast(server: TestServer, roles: string[] = []): Promise<Cast> {
  const { parts } = server
  const add = async (id: string, more: Record<string, unknown>): Promise<Credentials> => {
    const base = { id, name: `The ${id} app`, kind: 'web', redirectUris: [redirectUri], apis: allScopes(server) }
    const { secret } = await parts.clients.add({ ...base, ...more })
    return { id, secret }
  }
  const account = await parts.accounts.add({ email: 'ada@example.com', password, roles })
  return {
    web: await add('web', { postLogoutRedirectUris: ['https://app.example.com/bye'] }),
    exempt: await add('exempt', { pkceExempt: true }),
    spa: await add('spa', { kind: 'spa', redirectUris: ['https://spa.example.com/callback'] }),
    native: await add('native', { kind: 'native', redirectUris: [loopbackUri] }),
    tv: await add('television', { kind: 'device', redirectUris: [] }),
    machine: await add('machine', { kind: 'machine', redirectUris: [], apis: { [api]: ['notes:read'] } }),
    own: await add('own', { firstParty: true }),
    email: account.email,
    subject: account.id,
  }
}

export interface Pkce {
  verifier: string
  challenge: string
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export type Parameters = Record<string, string | string[] | undefined>

/** An authorization request that is in order, but for what is changed; `undefined` leaves a parameter out, a list repeats it. */
export function authorizationUrl(issuer: string, clientId: string, challenge: string | undefined, changes: Parameters = {}): URL {
  const url = new URL('/auth', issuer)
  const parameters: Parameters = {
    client_id: clientId,
    redirect_uri: clientId === 'spa' ? 'https://spa.example.com/callback' : clientId === 'native' ? loopbackUri : redirectUri,
    response_type: 'code',
    scope: 'openid notes:read',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: challenge,
    code_challenge_method: challenge && 'S256',
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters))
    for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(name, one)
  return url
}

export interface Signed {
  code: string
  verifier: string
  redirectUri: string
  answer: URL
  visitor: Visitor
}

/** Signs in on the page where that is asked, allows where that is asked, and returns where the person was sent. */
export async function passThrough(
  visitor: Visitor,
  page: Page,
  { email = 'ada@example.com', allow = true }: { email?: string; allow?: boolean } = {},
): Promise<URL> {
  let current = page
  if (current.forms.some(({ action }) => action.endsWith('/sign-in')))
    current = await visitor.submit(current, '/sign-in', { email, password })
  if (current.forms.some(({ action }) => action.endsWith('/consent')))
    current = await visitor.submit(current, '/consent', { decision: allow ? 'allow' : 'deny' })
  if (!current.leftTo) throw new Error(`still at ${current.url} (${current.status}): ${current.html}`)
  return current.leftTo
}

/** What a browser would post from the sign-in page, for those who send it otherwise than a browser does. */
export function signInPost(page: Page, email: string): { action: string; body: URLSearchParams } {
  const form = page.forms.find(({ action }) => action.endsWith('/sign-in'))
  if (!form) throw new Error(`no sign-in form at ${page.url}`)
  const fields = form.fields.filter(([name]) => name === 'csrf')
  return { action: form.action, body: new URLSearchParams([...fields, ['email', email], ['password', password]]) }
}

/** The answer that a person was sent back with, as what a client redeems. */
export function signedFrom(url: URL, answer: URL | undefined, verifier: string, visitor: Visitor): Signed {
  const code = answer?.searchParams.get('code')
  if (!answer || !code) throw new Error(`no code: ${answer}`)
  return { code, verifier, redirectUri: url.searchParams.get('redirect_uri') as string, answer, visitor }
}

/** A fresh code for a client, through the real pages. */
export async function codeFor(
  server: Site,
  client: Credentials,
  changes: Parameters = {},
  visitor = createVisitor(server.issuer),
): Promise<Signed> {
  const { verifier, challenge } = pkce()
  const url = authorizationUrl(server.issuer, client.id, challenge, changes)
  const answer = await passThrough(visitor, await visitor.open(url))
  return signedFrom(url, answer, verifier, visitor)
}

export interface TokenAnswer {
  status: number
  headers: Headers
  body: Record<string, string>
}

/** A token request as the client would send it: by Basic, by post, or without a secret. */
export async function token(
  server: Site,
  client: Credentials,
  parameters: Parameters,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    for (const one of [value].flat()) if (one !== undefined) body.append(name, one)
  const post = client.id === 'exempt'
  if (client.secret === undefined || post) body.append('client_id', client.id)
  if (client.secret !== undefined && post) body.append('client_secret', client.secret)
  const authorization = client.secret !== undefined && !post ? { authorization: basic(client) } : {}
  const response = await fetch(new URL('/token', server.issuer), {
    method: 'POST',
    body,
    headers: { ...authorization, ...headers } as Record<string, string>,
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, string> }
}

export function basic({ id, secret = '' }: Credentials): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
}

export function redeem(
  server: Site,
  client: Credentials,
  { code, verifier, redirectUri: uri }: Signed,
  changes: Parameters = {},
): Promise<TokenAnswer> {
  return token(server, client, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: uri, ...changes })
}

export function refresh(server: Site, client: Credentials, refreshToken: string, changes: Parameters = {}): Promise<TokenAnswer> {
  return token(server, client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...changes })
}

/** Tokens for a client, from nothing. */
export async function tokensFor(
  server: Site,
  client: Credentials,
  changes: Parameters = {},
  visitor?: Visitor,
): Promise<Record<string, string>> {
  const answer = await redeem(server, client, await codeFor(server, client, changes, visitor))
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
  return answer.body
}
