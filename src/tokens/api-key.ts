/**
 * API keys: a signed token that says what its bearer may do, in a wrapping by which scanners know one without asking anybody.
 *
 *     signet_<JWS>_<checksum>
 *
 * The JWS (RFC 7515, compact) is of the type `api-key+jwt`, which no access token has. The checksum is the CRC-32 of all that stands before it, in
 * six digits of base 62: it proves nothing, and tells a mistyped key from a forged one before anything is decoded. Nothing in a key is about a
 * person but their subject, and roles are not in it: it holds for longer than they may.
 */
import { crc32 } from 'node:zlib'
import type { Clock } from '../base/clock.ts'
import { toBase62 } from '../crypto/base62.ts'
import { isCanonical } from '../crypto/compact.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import { isSignature } from '../crypto/signature.ts'
import type { SigningKey } from '../crypto/signing-key.ts'
import { skewSeconds } from './revocation.ts'

export const apiKeyType = 'api-key+jwt'
/** Whatever an API's tokens are signed with: every verifier knows it, and a key is pasted where room is short. */
export const apiKeyAlgorithm = 'ES256'
/** The client of people's keys: RFC 9068 has verifiers ask for one. Its id is none that a registration can have. */
export const keysClientId = 'signet:keys'
/** Characters: with a header's other lines it stays below the 8 kB that servers commonly take. */
export const longestKey = 6_000

const prefix = 'signet_'
/** What SECURITY.md tells scanners, but for lengths. */
const form = /^signet_(eyJ[\w-]{20,}\.eyJ[\w-]{40,}\.[\w-]{86})_([0-9A-Za-z]{6})$/

/** Whether somebody means it for a key. Does NOT say that it is one. */
export const isApiKey = (text: string): boolean => text.startsWith(prefix)

/** A text of others, without what looks like a key in it, whole or cut off or with escapes of a URL. */
export const withoutKeys = (text: string): string => text.replace(/signet_[\w.~%-]+/gi, `${prefix}…`)

/** Seconds since the epoch. */
export interface ApiKeyClaims {
  iss: string
  sub: string
  /** The identifier of the one API that it is for. */
  aud: string
  client_id: string
  jti: string
  iat: number
  exp: number
  /** Never empty (RFC 6749 s3.3). */
  scope: string
}

/** @param sign by that key, wherever its private half lies */
export async function writeKey(
  claims: ApiKeyClaims,
  key: SigningKey,
  sign: (data: Uint8Array) => Promise<Buffer>,
): Promise<string> {
  const { iss, sub, aud, client_id, jti, iat, exp, scope } = claims
  const header = { alg: apiKeyAlgorithm, typ: apiKeyType, kid: key.kid }
  const parts = [header, { iss, sub, aud, client_id, jti, iat, exp, scope }]
  const data = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const body = `${prefix}${data}.${(await sign(Buffer.from(data))).toString('base64url')}`
  return `${body}_${checksum(body)}`
}

const checksum = (body: string): string => toBase62(crc32(body)).padStart(6, '0')

export interface KeyReaderParts {
  /** The ring for API keys. */
  ring: Pick<KeyRing, 'byKid'>
  issuer: string
  now: Clock
}

/**
 * Validates, in this order: form and checksum, the one spelling, header, signature by a key of that ring, issuer and times. What is no key costs no
 * signature, and neither costs a read of any store. Does NOT ask what became of the key since: see `ApiKeys.findLiving`.
 * @returns undefined for whatever is no living key of this issuer
 */
export async function readKey(text: string, { ring, issuer, now }: KeyReaderParts): Promise<ApiKeyClaims | undefined> {
  if (text.length > longestKey) return undefined
  const [, token, given] = form.exec(text) ?? []
  if (!token || given !== checksum(text.slice(0, -7)) || !isCanonical(token)) return undefined
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const { alg, typ, kid, ...others } = parsed(header)
  if (alg !== apiKeyAlgorithm || typ !== apiKeyType || Object.keys(others).length > 0) return undefined
  const key = ring.byKid(String(kid))
  if (key?.algorithm !== apiKeyAlgorithm) return undefined
  const data = Buffer.from(`${header}.${payload}`)
  if (!(await isSignature(apiKeyAlgorithm, key.publicKey, data, Buffer.from(signature, 'base64url')))) return undefined
  // Signed by that ring, which signs nothing but what `writeKey` wrote.
  const claims = parsed(payload) as unknown as ApiKeyClaims
  return claims.iss === issuer && claims.iat <= now() + skewSeconds && claims.exp > now() ? claims : undefined
}

function parsed(part: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(part, 'base64url').toString()))
  } catch {
    return {}
  }
}
