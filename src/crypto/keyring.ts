/**
 * The keys that sign tokens, one file each under the key folder, and the public set that verifiers read (RFC 7517).
 * A key's id is its thumbprint (RFC 7638), so a key cannot be published under another's name.
 * Rotation adds to a ring; here each algorithm has its newest key as the current one, and every key present is published.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'
import type { KeyFiles } from './key-files.ts'

export interface SigningKey {
  kid: string
  algorithm: SigningAlgorithm
  privateKey: KeyObject
  publicKey: KeyObject
  /** What is published: public members, `kid`, `alg`, `use`. */
  publicJwk: PublicJwk
  /** Seconds since the epoch. */
  createdAt: number
}

export type PublicJwk = JWK & { kid: string; alg: SigningAlgorithm; use: 'sig' }

export interface KeyRing {
  /** @throws TypeError for an algorithm that the ring has no key of. */
  current(algorithm: SigningAlgorithm): SigningKey
  byKid(kid: string): SigningKey | undefined
  algorithms: SigningAlgorithm[]
  /** RFC 7517 s5. Public members only. */
  jwks: { keys: PublicJwk[] }
}

/**
 * Reads the ring, and makes a key for each algorithm that lacks one.
 * @throws Refusal `unreadable_key`, `ambiguous_key`, `weak_key`
 */
export async function openKeyRing(files: KeyFiles, algorithms: SigningAlgorithm[], now: Clock): Promise<KeyRing> {
  const present = await readKeys(files)
  const lacking = algorithms.filter((algorithm) => !present.some((key) => key.algorithm === algorithm))
  if (lacking.length === 0) return ringOf(present)
  for (const algorithm of lacking) await createKey(files, algorithm, now())
  // Read anew, so that two servers that start together publish each other's.
  return ringOf(await readKeys(files))
}

async function readKeys(files: KeyFiles): Promise<SigningKey[]> {
  const names = files.names().filter((name) => /^signing-.*\.json$/.test(name))
  return Promise.all(names.map((name) => readKey(name, files.read(name) as string)))
}

function ringOf(keys: SigningKey[]): KeyRing {
  const byKid = new Map<string, SigningKey>()
  for (const key of keys) {
    if (byKid.has(key.kid)) throw new Refusal('ambiguous_key', `Two key files hold the key ${key.kid}: remove one.`)
    byKid.set(key.kid, key)
  }
  const newestFirst = keys.toSorted((a, b) => b.createdAt - a.createdAt)
  const current = new Map<SigningAlgorithm, SigningKey>()
  for (const key of newestFirst) if (!current.has(key.algorithm)) current.set(key.algorithm, key)
  return {
    current(algorithm) {
      const key = current.get(algorithm)
      if (!key) throw new TypeError(`no ${algorithm} key in the ring`)
      return key
    },
    byKid: (kid) => byKid.get(kid),
    algorithms: [...current.keys()],
    jwks: { keys: newestFirst.map((key) => key.publicJwk) },
  }
}

async function createKey(files: KeyFiles, algorithm: SigningAlgorithm, createdAt: number): Promise<void> {
  const jwk = generate(algorithm).export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(jwk as Record<string, string>)
  const text = `${JSON.stringify({ ...jwk, alg: algorithm, use: 'sig', kid, created_at: createdAt }, null, 2)}\n`
  files.create(`signing-${algorithm}-${createdAt}-${kid.slice(0, 8)}.json`, text)
}

function generate(algorithm: SigningAlgorithm): KeyObject {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519').privateKey
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

const familyOf: Record<SigningAlgorithm, string> = { ES256: 'EC P-256', EdDSA: 'OKP Ed25519', RS256: 'RSA', PS256: 'RSA' }

async function readKey(name: string, text: string): Promise<SigningKey> {
  const jwk = parse(name, text)
  const privateKey = importPrivate(name, jwk)
  const algorithm = jwk.alg as SigningAlgorithm
  const publicKey = createPublicKey(privateKey)
  const exported = publicKey.export({ format: 'jwk' })
  const family = [exported.kty, exported.crv].filter(Boolean).join(' ')
  if (familyOf[algorithm] !== family) throw new Refusal('weak_key', `${name}: a ${family} key cannot sign ${String(jwk.alg)}.`)
  if (exported.kty === 'RSA' && (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Refusal('weak_key', `${name}: an RSA key needs 2048 bits at least (RFC 7518 s3.3).`)
  }
  if (typeof jwk.created_at !== 'number') {
    throw new Refusal('ambiguous_key', `${name} has no "created_at" (seconds since the epoch): the newest key signs.`)
  }
  const kid = await calculateJwkThumbprint(exported as Record<string, string>)
  const publicJwk: PublicJwk = { ...exported, kid, alg: algorithm, use: 'sig' }
  return { kid, algorithm, privateKey, publicKey, publicJwk, createdAt: jwk.created_at }
}

function parse(name: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal('unreadable_key', `The key file ${name} is not JSON.`, { cause })
  }
}

function importPrivate(name: string, jwk: Record<string, unknown>): KeyObject {
  try {
    return createPrivateKey({ key: jwk as JWK, format: 'jwk' })
  } catch (cause) {
    throw new Refusal('unreadable_key', `The key file ${name} does not hold a private key.`, { cause })
  }
}
