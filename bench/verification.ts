/**
 * Verification of access tokens: the kit beside raw `crypto.verify`, jose and fast-jwt, and a known token beside a fresh one.
 * `node bench/verification.ts`. Every figure is a ratio against a control of the same run: rounds alternate, medians are compared.
 * Rates are per second of processor time, all threads together, so that other work on the machine weighs less.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign, verify } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import { keyAround } from '../src/resource-server/api-key.ts'
import { createResourceServer, defineResource } from '../src/resource-server/index.ts'
import { median, printRows, type Row, row } from './table.ts'

const issuer = 'https://id.example.com'
const resource = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })

// More tokens than the cache of the cold contender holds, in turn: each is fresh again when it comes round, and the cache is paid for.
const tokensInTurn = 2000
const coldCache = 500

const warmUpSeconds = 4
// Short rounds and many: what else the machine does then falls on all contenders alike.
const rounds = 200
const coldPerRound = 100
const warmPerRound = 10_000

type Contender = (count: number) => Promise<void>

export async function benchVerification(): Promise<Row[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ofKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokens = Array.from({ length: tokensInTurn }, () => mint(privateKey))
  const apiKeys = Array.from({ length: tokensInTurn }, () => keyAround(mint(ofKeys.privateKey, headerOfKey)))
  const published = [jwkOf(publicKey, 'k1'), { ...jwkOf(ofKeys.publicKey, 'k2'), signs: ['api-key+jwt'] }]
  const options = { issuer, resource, jwks: { keys: published as never[] }, cache: { maxEntries: coldCache } }
  const kit = () => createResourceServer(options)
  const revocations = { uri: `${issuer}/revocations` }
  const following = () =>
    createResourceServer({ ...options, revocations, fetch: listOf(privateKey), accept: ['access_token', 'api_key'] })
  const [coldFollowing, warmFollowing, coldKeys] = [following(), following(), following()]
  for (const api of [coldFollowing, warmFollowing, coldKeys]) await api.ready()
  const cold = {
    raw: rawVerify(publicKey, tokens),
    checked: verifyAndCheck(publicKey, tokens),
    jose: withJose(publicKey, tokens),
    kit: withKit(kit(), tokens),
    kitFollowing: withKit(coldFollowing, tokens),
    kitOfKeys: withKit(coldKeys, apiKeys),
  }
  const known = tokens.slice(0, coldCache)
  const warm = {
    warm: withKit(kit(), known),
    warmFollowing: withKit(warmFollowing, known),
    fastJwt: withFastJwt(publicKey, known),
  }

  await warmUp([...Object.values(cold), ...Object.values(warm)])
  const rates = await race({ ...cold, ...warm }, { warm: warmPerRound, warmFollowing: warmPerRound, fastJwt: warmPerRound })
  for (const api of [coldFollowing, warmFollowing, coldKeys]) api.close()
  return [
    row('verification of a fresh token', rates.kit, rates.checked, 'crypto.verify and checks', 'at least 0.9'),
    row('verification of a fresh token', rates.kit, rates.raw, 'crypto.verify alone', 'at least 0.9'),
    row('verification of a fresh token', rates.kit, rates.jose, 'jose jwtVerify', 'above 1'),
    row('the same, following revocations', rates.kitFollowing, rates.kit, 'following none', 'no goal'),
    row('verification of a fresh API key', rates.kitOfKeys, rates.kitFollowing, 'a fresh token', 'no goal'),
    row('verification of a known token', rates.warm, rates.kit, 'a fresh token', 'at least 50'),
    row('verification of a known token', rates.warm, rates.fastJwt, 'fast-jwt with its cache', 'at least 2'),
    row('the same, following revocations', rates.warmFollowing, rates.fastJwt, 'fast-jwt with its cache', 'no goal'),
  ]
}

const headerOfToken = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
const headerOfKey = { alg: 'ES256', typ: 'api-key+jwt', kid: 'k2' }
const jwkOf = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' })

function signed(header: object, claims: object, key: KeyObject): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A list of a thousand sentences, none of them about a token of this bench, and no news after it. */
function listOf(key: KeyObject): (url: string, init: RequestInit) => Promise<Response> {
  const iat = Math.floor(Date.now() / 1000)
  const entries = Array.from({ length: 1_000 }, () => [randomBytes(16).toString('base64url'), iat + 3_600])
  const claims = { iss: issuer, iat, exp: iat + 60, lineage: 'a', from: 0, cursor: 'a.1', entries }
  const list = signed({ ...headerOfToken, typ: 'revocations+jwt' }, claims, key)
  return (url, { signal }) =>
    new Promise((resolve, reject) => {
      if (!url.includes('after')) return resolve(new Response(list))
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
}

function mint(key: KeyObject, header: object = headerOfToken): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    sub: randomUUID(),
    aud: resource.id,
    client_id: 'web-app',
    exp: now + 3600,
    iat: now,
    jti: randomUUID(),
    scope: 'notes:read',
    auth_time: now - 60,
    acr: 'urn:example:password',
    sid: randomUUID(),
    grant: randomUUID(),
  }
  return signed(header, claims, key)
}

/** The floor: bytes and key lie ready, nothing is decoded and nothing is checked but the signature. */
function rawVerify(key: KeyObject, tokens: readonly string[]): Contender {
  const prepared = tokens.map((token) => {
    const dot = token.lastIndexOf('.')
    return { signed: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), 'base64url') }
  })
  const next = inTurn(prepared)
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const { signed, signature } = next()
      if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature))
        throw new Error('a good signature was refused')
    }
  }
}

/** The control of the goal: what no verifier can leave out, written down straight, without a limit, a canonical form, or a word on what was wrong. */
function verifyAndCheck(key: KeyObject, tokens: readonly string[]): Contender {
  const next = inTurn(tokens)
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const [header, payload, signature] = next().split('.') as [string, string, string]
      const { alg, typ, kid } = read(header)
      const isOurs = alg === 'ES256' && typ === 'at+jwt' && kid === 'k1'
      const bytes = Buffer.from(signature, 'base64url')
      if (!isOurs || !verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, bytes))
        throw new Error('a good signature was refused')
      const { iss, aud, sub, client_id, jti, iat, exp } = read(payload)
      const now = Date.now() / 1000
      if (iss !== issuer || aud !== resource.id || exp <= now || iat > now + 5 || ![sub, client_id, jti].every(isText))
        throw new Error('good claims were refused')
    }
  }
}

function withJose(key: KeyObject, tokens: readonly string[]): Contender {
  const next = inTurn(tokens)
  const options = {
    issuer,
    audience: resource.id,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'client_id', 'exp', 'iat', 'jti'],
  }
  return async (count) => {
    for (let i = 0; i < count; i++) await jwtVerify(next(), key, options)
  }
}

function withFastJwt(key: KeyObject, tokens: readonly string[]): Contender {
  const next = inTurn(tokens)
  const check = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: ['ES256'],
    cache: coldCache * 2,
    allowedIss: issuer,
    allowedAud: resource.id,
    requiredClaims: ['sub', 'client_id', 'exp', 'iat', 'jti'],
  })
  return async (count) => {
    for (let i = 0; i < count; i++) check(next())
  }
}

function withKit(api: { verify(token: string, need: 'notes:read'): Promise<unknown> }, tokens: readonly string[]): Contender {
  const next = inTurn(tokens)
  return async (count) => {
    for (let i = 0; i < count; i++) await api.verify(next(), 'notes:read')
  }
}

function inTurn<T>(items: readonly T[]): () => T {
  let at = 0
  return () => {
    at = (at + 1) % items.length
    return items[at] as T
  }
}

async function warmUp(contenders: readonly Contender[]): Promise<void> {
  const until = performance.now() + warmUpSeconds * 1000
  while (performance.now() < until) for (const run of contenders) await run(coldPerRound)
}

/** @returns the median rate of each, every round having run all of them */
async function race<N extends string>(
  contenders: Record<N, Contender>,
  counts: Partial<Record<N, number>>,
): Promise<Record<N, number>> {
  const names = Object.keys(contenders) as N[]
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<N, number[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const count = counts[name] ?? coldPerRound
      const before = process.cpuUsage()
      await contenders[name](count)
      const { user, system } = process.cpuUsage(before)
      rates[name].push((count * 1_000_000) / (user + system))
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(rates[name])])) as Record<N, number>
}

if (import.meta.main) printRows(await benchVerification())
