/** An issuer of good and bad tokens, its key set on loopback, and an API that judges them. Time is handed in. */
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { keyAround } from '../../src/resource-server/api-key.ts'
import {
  type Algorithm,
  BearerError,
  createResourceServer,
  defineResource,
  type Reason,
  type Requirement,
  type ResourceServer,
  type ResourceServerOptions,
} from '../../src/resource-server/index.ts'

export const NOW = 1_800_000_000
export const ISSUER = 'https://id.example.com'
export const API = 'https://api.example.com'

export const notes = defineResource({
  id: API,
  scopes: {
    'notes:read': 'Read your notes',
    'notes:write': { description: 'Change your notes', implies: ['notes:read'] },
    'notes:readonly': 'Look at your notes',
  },
})
export type Scope = 'notes:read' | 'notes:write' | 'notes:readonly'

export interface SigningKey {
  kid: string
  algorithm: Algorithm
  privateKey: KeyObject
  publicKey: KeyObject
  /** The types of tokens that it is published for alone. */
  signs?: unknown
}

export function signingKey(algorithm: Algorithm, kid: string = algorithm): SigningKey {
  return { kid, algorithm, ...pairFor(algorithm) }
}

function pairFor(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** One key for each algorithm that is taken unless said, its algorithm being its id. */
export const keys: Record<Exclude<Algorithm, `ML-DSA-${string}`>, SigningKey> = {
  ES256: signingKey('ES256'),
  RS256: signingKey('RS256'),
  PS256: signingKey('PS256'),
  EdDSA: signingKey('EdDSA'),
}

/** Signs API keys, and nothing else. */
export const keyOfKeys: SigningKey = { ...signingKey('ES256', 'keys'), signs: ['api-key+jwt'] }

export const jwkOf = ({ kid, algorithm, publicKey, signs }: SigningKey) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg: algorithm,
  use: 'sig',
  ...(signs !== undefined && { signs }),
})
export const jwksOf = (...published: SigningKey[]) => ({ keys: published.map(jwkOf) as never[] })

export const goodClaims = () => ({
  iss: ISSUER,
  aud: API as unknown,
  sub: 'ada',
  client_id: 'web-app',
  iat: NOW - 60,
  exp: NOW + 540,
  jti: 'token-1',
  scope: 'notes:read',
})
export const goodHeader = (key = keys.ES256) => ({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid })

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export function rawSignature(key: SigningKey, signed: string): Buffer {
  const data = Buffer.from(signed)
  if (key.algorithm === 'ES256') return sign('sha256', data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  if (key.algorithm === 'EdDSA') return sign(null, data, key.privateKey)
  if (key.algorithm === 'RS256') return sign('sha256', data, key.privateKey)
  return sign('sha256', data, { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
}

/** Signs whatever it is given: objects are merged over the good ones (`undefined` takes a member away), text is taken as it is. */
export function mint(claims: object | string = {}, header: object | string = {}, key = keys.ES256): string {
  const whole = typeof header === 'string' ? header : { ...goodHeader(key), ...header }
  const body = typeof claims === 'string' ? claims : { ...goodClaims(), ...claims }
  const signed = `${encode(whole)}.${encode(body)}`
  return `${signed}.${rawSignature(key, signed).toString('base64url')}`
}

/** An API key of a month, as `mint`. */
export const mintKey = (claims: object = {}, header: object = {}, key = keyOfKeys): string =>
  keyAround(mint({ client_id: 'signet:keys', exp: NOW + 30 * 86_400, ...claims }, { typ: 'api-key+jwt', ...header }, key))

/** An API that holds the keys of the issuer already. */
export function createApi(options: Partial<ResourceServerOptions<Scope>> = {}): ResourceServer<Scope> {
  return createResourceServer<Scope>({
    issuer: ISSUER,
    resource: notes,
    jwks: jwksOf(...Object.values(keys), keyOfKeys),
    now: () => NOW,
    ...options,
  })
}

export async function refusalOf(outcome: Promise<unknown>): Promise<BearerError> {
  const error = await outcome.then(
    () => expect.fail('it was accepted'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof BearerError)) throw error
  return error
}

/** Asserts that a token is refused, as a bare one and in a request, with this reason and the status that belongs to it. */
export async function expectRefused(
  api: ResourceServer<Scope>,
  token: string,
  reason: Reason,
  status = 401,
  need?: Requirement<Scope>,
): Promise<void> {
  const error = await refusalOf(api.verify(token, need))
  expect(error.reason).to.equal(reason)
  expect(error.status).to.equal(status)
  expect(await api.check(bearer(token), need)).to.have.property('ok', false)
}

export async function expectAccepted(api: ResourceServer<Scope>, token: string, need?: Requirement<Scope>): Promise<void> {
  await api.verify(token, need)
  expect(await api.check(bearer(token), need)).to.have.property('ok', true)
}

export const bearer = (token: string, url = '/notes') => ({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })

export interface Loopback {
  url: string
  /** The path of each request so far. */
  seen: string[]
  handler: RequestListener
  close(): Promise<void>
}

/** A server on a free loopback port that counts what it is asked. */
export async function loopback(handler: RequestListener): Promise<Loopback> {
  const server = createServer((request: IncomingMessage, response) => {
    self.seen.push(request.url ?? '')
    self.handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: Loopback = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    handler,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return self
}

export interface TestIssuer extends Loopback {
  published: SigningKey[]
  /** Answers instead of the key set while set. */
  jwks: RequestListener | undefined
  mint(claims?: object, header?: object, key?: SigningKey): string
  api(options?: Partial<ResourceServerOptions<Scope>>): ResourceServer<Scope>
  /** How often the key set was asked for. */
  fetches(): number
}

/** An issuer that publishes its metadata by RFC 8414 and its key set at `/jwks`. */
export async function startIssuer(...published: SigningKey[]): Promise<TestIssuer> {
  const server = await loopback((request, response) => {
    if (request.url === '/.well-known/oauth-authorization-server')
      return json(response, { issuer: self.url, jwks_uri: `${self.url}/jwks` })
    if (request.url !== '/jwks') return response.writeHead(404).end()
    if (self.jwks) return self.jwks(request, response)
    return json(response, jwksOf(...self.published))
  })
  const self: TestIssuer = Object.assign(server, {
    published,
    jwks: undefined,
    mint: (claims: object = {}, header: object = {}, key = self.published[0] as SigningKey) =>
      mint({ iss: server.url, ...claims }, header, key),
    api: (options: Partial<ResourceServerOptions<Scope>> = {}) =>
      createResourceServer<Scope>({ issuer: server.url, resource: notes, now: () => NOW, ...options }),
    fetches: () => server.seen.filter((path) => path === '/jwks').length,
  })
  return self
}

export function json(response: Parameters<RequestListener>[1], body: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

/** Counts what a hostile token could make a verifier compute besides the signature: derived keys, decryptions, inflated streams. */
export async function countCostlyCalls(work: () => Promise<unknown>): Promise<number> {
  let count = 0
  const subtle = SubtleCrypto.prototype as unknown as Record<string, (...all: unknown[]) => unknown>
  const { DecompressionStream } = globalThis
  const kept = new Map(
    ['deriveBits', 'deriveKey', 'decrypt', 'unwrapKey'].map((name) => [name, subtle[name] as (...all: unknown[]) => unknown]),
  )
  for (const [name, original] of kept) {
    subtle[name] = function (this: SubtleCrypto, ...all) {
      count++
      return original.apply(this, all)
    }
  }
  globalThis.DecompressionStream = new Proxy(DecompressionStream, {
    construct(target, all) {
      count++
      return Reflect.construct(target, all)
    },
  })
  try {
    await work()
    return count
  } finally {
    for (const [name, original] of kept) subtle[name] = original
    globalThis.DecompressionStream = DecompressionStream
  }
}

/** Waits for what happens in the background; the timeout of the test is its bound. */
export async function eventually(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve))
}
