/**
 * A key that signs tokens, as a JWK in a text of its own (RFC 7517). Its id is its thumbprint (RFC 7638), so that a key cannot
 * be published under another's name. Where the private half lies with a signer, the text has the public one and the signer's address.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { Refusal } from '../base/errors.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'
import { isPublic } from '../settings/public-keys.ts'
import { isLoopbackHost } from '../settings/uri.ts'

export type SigningKey = KeyFacts & ({ privateKey: KeyObject; signer?: undefined } | { privateKey?: undefined; signer: URL })

interface KeyFacts {
  /** What holds it: a file, or an entry of the store. */
  name: string
  kid: string
  algorithm: SigningAlgorithm
  publicKey: KeyObject
  /** What is published: public members, `kid`, `alg`, `use`. */
  publicJwk: PublicJwk
  /** Seconds since the epoch. */
  createdAt: number
}

export type PublicJwk = JWK & { kid: string; alg: SigningAlgorithm; use: 'sig' }

/** @returns a key of its own, as `readKey` reads it */
export async function newKey(algorithm: SigningAlgorithm, createdAt: number): Promise<{ kid: string; text: string }> {
  const jwk = (await generate(algorithm)).export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(jwk as Record<string, string>)
  return { kid, text: `${JSON.stringify({ ...jwk, alg: algorithm, use: 'sig', kid, created_at: createdAt }, null, 2)}\n` }
}

const keyPair = promisify(generateKeyPair)

/** Beside the event loop: an RSA key takes a tenth of a second and more, and the running server makes them. */
async function generate(algorithm: SigningAlgorithm): Promise<KeyObject> {
  if (algorithm === 'ES256') return (await keyPair('ec', { namedCurve: 'P-256' })).privateKey
  if (algorithm === 'EdDSA') return (await keyPair('ed25519')).privateKey
  if (algorithm === 'ML-DSA-44') return (await keyPair('ml-dsa-44')).privateKey
  if (algorithm === 'ML-DSA-65') return (await keyPair('ml-dsa-65')).privateKey
  if (algorithm === 'ML-DSA-87') return (await keyPair('ml-dsa-87')).privateKey
  return (await keyPair('rsa', { modulusLength: 2048 })).privateKey
}

const familyOf: Record<SigningAlgorithm, string> = {
  ES256: 'EC P-256',
  EdDSA: 'OKP Ed25519',
  RS256: 'RSA',
  PS256: 'RSA',
  'ML-DSA-44': 'AKP ML-DSA-44',
  'ML-DSA-65': 'AKP ML-DSA-65',
  'ML-DSA-87': 'AKP ML-DSA-87',
}

/** @throws Refusal `unreadable_key`, `ambiguous_key`, `weak_key` */
export async function readKey(name: string, text: string): Promise<SigningKey> {
  const jwk = parse(name, text)
  const holder = jwk?.signer === undefined ? { privateKey: importPrivate(name, jwk) } : { signer: signerOf(name, jwk) }
  const algorithm = jwk.alg as SigningAlgorithm
  const publicKey = holder.privateKey ? createPublicKey(holder.privateKey) : importPublic(name, jwk)
  const exported = publicKey.export({ format: 'jwk' })
  // Of an AKP the algorithm is part of the key (RFC 9964 s3).
  const family = [exported.kty, exported.crv, exported.kty === 'AKP' && exported.alg].filter(Boolean).join(' ')
  if (familyOf[algorithm] !== family) throw new Refusal('weak_key', `${name}: a ${family} key cannot sign ${String(jwk.alg)}.`)
  if (exported.kty === 'RSA' && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Refusal('weak_key', `${name}: an RSA key needs 2048 bits at least (RFC 7518 s3.3).`)
  }
  if (typeof jwk.created_at !== 'number') {
    throw new Refusal('ambiguous_key', `${name} has no "created_at" (seconds since the epoch): the newest key signs.`)
  }
  const kid = await calculateJwkThumbprint(exported as Record<string, string>)
  const publicJwk: PublicJwk = { ...exported, kid, alg: algorithm, use: 'sig' }
  return { ...holder, name, kid, algorithm, publicKey, publicJwk, createdAt: jwk.created_at } as SigningKey
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

function importPublic(name: string, jwk: Record<string, unknown>): KeyObject {
  try {
    return createPublicKey({ key: jwk as JWK, format: 'jwk' })
  } catch (cause) {
    throw new Refusal('unreadable_key', `The key file ${name} does not hold a public key.`, { cause })
  }
}

function signerOf(name: string, jwk: Record<string, unknown>): URL {
  if (!isPublic(jwk))
    throw new Refusal('ambiguous_key', `The key file ${name} names a signer and holds a private key: one of the two.`)
  const signer = URL.parse(String(jwk.signer))
  const isPath = signer?.protocol === 'unix:' && !signer.host && /^\/./.test(signer.pathname)
  if (signer && (isPath || signer.protocol === 'https:' || (signer.protocol === 'http:' && isLoopbackHost(signer.hostname))))
    return signer
  const sentence = `The key file ${name} names no signer: unix:/path/of/a.socket, https://…, or http on loopback.`
  throw new Refusal('unreadable_key', sentence)
}

/** A signer as logs and people are told of it: its user, path and query may hold what lets one in. */
export const signerShown = (signer: URL): string =>
  signer.protocol === 'unix:' ? `unix:${signer.pathname}` : `${signer.protocol}//${signer.host}`
