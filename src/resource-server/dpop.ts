/** Proof of possession (RFC 9449): a token that is bound to a key is worth nothing without a proof, made by that key for this one request. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { decodeObject, type JsonObject, partsOf } from './compact.ts'
import type { RequestLike } from './credentials.ts'
import { valuesOf } from './credentials.ts'
import { BearerError } from './errors.ts'
import { readKeySet } from './jwks.ts'
import { algorithms, verifySignature } from './signature.ts'
import { onlyWordsOf } from './words.ts'

/** `off` refuses bound tokens, `accept` takes them with their proof beside plain ones, `require` takes no others. */
export type DpopMode = 'off' | 'accept' | 'require'

export interface DpopOptions {
  mode: DpopMode
  /** Seconds that a proof is good for: 60 unless said, 300 at most. */
  maxProofAge?: number
  /**
   * Demand a nonce of this API in every proof (RFC 9449 s9), so that none can be made in advance. `true` for a single process; several need
   * one secret, of 32 bytes or more, from which all of them make the same.
   */
  nonces?: boolean | Uint8Array
  /**
   * Whether a proof was used before, remembering it until `expiresAt` (seconds since the epoch); for several processes, one store that they
   * share. Unless given, each process remembers its own last 10,000, the oldest making room.
   */
  used?(id: string, expiresAt: number): boolean | Promise<boolean>
}

export interface DpopSettings {
  readonly mode: DpopMode
  readonly maxProofAge: number
  readonly nonceSecret: Uint8Array | undefined
  readonly used: NonNullable<DpopOptions['used']>
}

/** The algorithms of proofs, as they are named in challenges. */
export const proofAlgorithms: readonly string[] = algorithms

const maxRemembered = 10_000

/** @throws TypeError */
export function dpopSettingsOf(given: DpopMode | DpopOptions = 'off'): DpopSettings {
  const options: DpopOptions = typeof given === 'string' ? { mode: given } : given
  onlyWordsOf(options, { mode: true, maxProofAge: true, nonces: true, used: true }, 'dpop')
  const { mode, maxProofAge = 60, nonces = false, used = ownMemory() } = options
  if (!['off', 'accept', 'require'].includes(mode))
    throw new TypeError(`dpop must be off, accept or require, got ${JSON.stringify(mode ?? given)}`)
  if (!Number.isSafeInteger(maxProofAge) || maxProofAge < 1 || maxProofAge > 300)
    throw new TypeError(`dpop.maxProofAge must be a whole number from 1 to 300, got ${maxProofAge}`)
  if (typeof nonces === 'object' && nonces.length < 32) throw new TypeError('dpop.nonces must be a secret of 32 bytes or more')
  const nonceSecret = nonces === true ? randomBytes(32) : nonces || undefined
  return { mode, maxProofAge, nonceSecret, used }
}

/** A nonce says nothing; it is known again by being made again. Good for one to two minutes. */
export function nonceNow(secret: Uint8Array, now: number, stepsAgo = 0): string {
  const step = Math.floor(now / 60) - stepsAgo
  return createHmac('sha256', secret).update(`dpop-nonce:${step}`).digest('base64url').slice(0, 22)
}

interface Proven {
  token: string
  /** `cnf.jkt` of the token. */
  thumbprint: string
  /** Scheme, host and port that this API is reached by. */
  origin: string
  now: number
  clockTolerance: number
}

/**
 * Validates the proof of a request by RFC 9449 s4.3: one header; `typ`; an asymmetric algorithm; the signature by the public key inside it, which is
 * the key that the token is bound to; `htm` and `htu` (scheme and host by `origin`, since a proxy may change what the request says of them);
 * `iat`, `ath`, a nonce where one is demanded; and that it was not used before. Does NOT validate: the token.
 * @throws BearerError `invalid_proof`, `nonce_needed`
 */
export async function checkProof(request: RequestLike, proven: Proven, settings: DpopSettings): Promise<void> {
  const values = valuesOf(request, 'dpop')
  if (values.length !== 1) throw new BearerError('invalid_proof')
  const { claims, jwk } = proofOf(values[0] as string)
  if (!(await isBoundTo(jwk, proven.thumbprint))) throw new BearerError('invalid_proof')
  if (claims.htm !== request.method || !isTarget(claims.htu, request.url, proven.origin)) throw new BearerError('invalid_proof')
  if (claims.ath !== createHash('sha256').update(proven.token).digest('base64url')) throw new BearerError('invalid_proof')
  const { now, clockTolerance } = proven
  const { iat, jti } = claims
  if (!Number.isSafeInteger(iat) || typeof jti !== 'string' || jti === '') throw new BearerError('invalid_proof')
  const expiresAt = (iat as number) + settings.maxProofAge + clockTolerance
  if ((iat as number) > now + clockTolerance || now >= expiresAt) throw new BearerError('invalid_proof')
  if (settings.nonceSecret && !isNonce(claims.nonce, settings.nonceSecret, now)) throw new BearerError('nonce_needed')
  // Last, so that nothing but a good proof of a good token is ever remembered. Of one key alone are its ids unique.
  const id = createHash('sha256').update(`${proven.thumbprint} ${jti}`).digest('base64url')
  if (await settings.used(id, expiresAt)) throw new BearerError('invalid_proof')
}

function proofOf(proof: string): { claims: JsonObject; jwk: JWK } {
  try {
    const parts = partsOf(proof)
    const [header, payload, signature] = parts as [string, string, string]
    const { typ, alg, jwk, crit, b64 } = decodeObject(header) as Record<string, unknown>
    const isProof = parts.length === 3 && typ === 'dpop+jwt' && crit === undefined && b64 === undefined
    if (!isProof || !proofAlgorithms.includes(alg as string) || typeof jwk !== 'object') throw new BearerError('invalid_proof')
    // As a published key is read: no private part, no shared secret, an algorithm that fits, RSA of 2048 bits.
    const key = readKeySet({ keys: [{ ...jwk, kid: 'proof', alg }] }).keys.get('proof')
    const signed = Buffer.from(`${header}.${payload}`, 'latin1')
    if (!key || !verifySignature(key.algorithm, key.key, signed, Buffer.from(signature, 'base64url')))
      throw new BearerError('invalid_proof')
    return { claims: decodeObject(payload), jwk: jwk as JWK }
  } catch (cause) {
    throw new BearerError('invalid_proof', { cause })
  }
}

async function isBoundTo(jwk: JWK, thumbprint: string): Promise<boolean> {
  return (await calculateJwkThumbprint(jwk, 'sha256')) === thumbprint
}

/** RFC 9449 s4.3 (9): without query and fragment, after the normalisation that every URL parser does (RFC 3986 s6.2.2 and s6.2.3). */
function isTarget(htu: unknown, url: string | undefined, origin: string): boolean {
  if (typeof htu !== 'string' || url === undefined || !URL.canParse(htu) || !URL.canParse(url, origin)) return false
  const named = new URL(htu)
  return (
    named.origin === origin && named.pathname === new URL(url, origin).pathname && named.username === '' && named.password === ''
  )
}

function isNonce(nonce: unknown, secret: Uint8Array, now: number): boolean {
  if (typeof nonce !== 'string') return false
  const given = Buffer.from(nonce)
  return [0, 1].some((stepsAgo) => {
    const made = Buffer.from(nonceNow(secret, now, stepsAgo))
    return given.length === made.length && timingSafeEqual(given, made)
  })
}

function ownMemory(): NonNullable<DpopOptions['used']> {
  const seen = new Set<string>()
  return (id) => {
    if (seen.has(id)) return true
    if (seen.size >= maxRemembered) seen.delete(seen.values().next().value as string)
    seen.add(id)
    return false
  }
}
