/**
 * A key that signs tokens, as a JWK in a text of its own (RFC 7517). Its id is its thumbprint (RFC 7638), so that a key cannot
 * be published under another's name.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { Refusal } from '../base/errors.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'

export interface SigningKey {
  /** What holds it: a file, or an entry of the store. */
  name: string
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

/** @returns a key of its own, as `readKey` reads it */
export async function newKey(algorithm: SigningAlgorithm, createdAt: number): Promise<{ kid: string; text: string }> {
  const jwk = generate(algorithm).export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(jwk as Record<string, string>)
  return { kid, text: `${JSON.stringify({ ...jwk, alg: algorithm, use: 'sig', kid, created_at: createdAt }, null, 2)}\n` }
}

function generate(algorithm: SigningAlgorithm): KeyObject {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519').privateKey
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

const familyOf: Record<SigningAlgorithm, string> = { ES256: 'EC P-256', EdDSA: 'OKP Ed25519', RS256: 'RSA', PS256: 'RSA' }

/** @throws Refusal `unreadable_key`, `ambiguous_key`, `weak_key` */
export async function readKey(name: string, text: string): Promise<SigningKey> {
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
  return { name, kid, algorithm, privateKey, publicKey, publicJwk, createdAt: jwk.created_at }
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
