/**
 * Verification of access tokens: the kit beside raw `crypto.verify`, jose and fast-jwt, and a known token beside a fresh one.
 * `node bench/verification.ts`. Every figure is a ratio against a control of the same run: rounds alternate, medians are compared.
 * Rates are per second of processor time, all threads together, so that other work on the machine weighs less.
 */
import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import { createResourceServer, defineResource } from '../src/resource-server/index.ts'
import { median, printRows, type Row, row } from './table.ts'

const issuer = 'https://id.example.com'
const resource = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })

// More tokens than the cache of the cold contender holds, in turn: each is fresh again when it comes round, and the cache is paid for.
const tokensInTurn = 2000
const coldCache = 500

const warmUpSeconds = Number(process.env.WU ?? 4)
// Short rounds and many: what else the machine does then falls on all contenders alike.
const rounds = Number(process.env.RO ?? 200)
const coldPerRound = 100
const warmPerRound = 10_000

type Contender = (count: number) => Promise<void>

export async function benchVerification(): Promise<Row[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokens = Array.from({ length: tokensInTurn }, () => mint(privateKey))
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' } as never] }
  const kit = (maxEntries: number) => createResourceServer({ issuer, resource, jwks, cache: { maxEntries } })
  const cold = {
    raw: rawVerify(publicKey, tokens),
    jose: withJose(publicKey, tokens),
    kit: withKit(kit(coldCache), tokens),
  }
  const known = tokens.slice(0, coldCache)
  const warm = { warm: withKit(kit(coldCache), known), fastJwt: withFastJwt(publicKey, known) }

  await warmUp([...Object.values(cold), ...Object.values(warm)])
  const rates = await race({ ...cold, ...warm }, { warm: warmPerRound, fastJwt: warmPerRound })
  return [
    row('verification of a fresh token', rates.kit, rates.raw, 'raw crypto.verify', 'at least 0.9'),
    row('verification of a fresh token', rates.kit, rates.jose, 'jose jwtVerify', 'above 1'),
    row('verification of a known token', rates.warm, rates.kit, 'a fresh token', 'at least 50'),
    row('verification of a known token', rates.warm, rates.fastJwt, 'fast-jwt with its cache', 'at least 2'),
  ]
}

function mint(key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
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
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
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
