/** A token becomes claims: every check by its name, in the order in which they are made. */
import type { CheckedClaims } from './auth.ts'
import { checkClaims, type Expected } from './claims.ts'
import { decodeObject, type JsonObject, partsOf } from './compact.ts'
import type { Decrypt } from './decrypt.ts'
import { BearerError } from './errors.ts'
import type { VerificationKey } from './jwks.ts'
import type { KeySource } from './keys.ts'
import type { Algorithm, SignatureCheck } from './signature.ts'

export interface VerifierSettings extends Expected {
  keys: KeySource
  algorithms: ReadonlySet<unknown>
  verifySignature: SignatureCheck
  decrypt: Decrypt | undefined
  now(): number
}

export type VerifiedClaims = JsonObject & CheckedClaims

/**
 * Verifies a JWT access token (RFC 9068 s4).
 * Validates: canonical form, `alg`, `typ`, `crit`, the signature by a key of the issuer whose `kid` and algorithm agree, and the claims
 * (`checkClaims`). Ignores `jwk`, `jku`, `x5u`, `x5c`: keys come from the issuer alone. Does NOT validate: scopes, or that the token was not revoked.
 * @returns a promise only where something has to be waited for: keys to come, or a token to be decrypted
 * @throws BearerError
 */
export function verifyToken(token: string, settings: VerifierSettings): VerifiedClaims | Promise<VerifiedClaims> {
  const parts = partsOf(token)
  if (parts.length === 3) return verifySigned(parts, settings)
  if (!settings.decrypt) throw new BearerError('encrypted_token')
  return settings.decrypt(token).then((within) => {
    const signed = partsOf(within)
    if (signed.length !== 3) throw new BearerError('encrypted_token')
    return verifySigned(signed, settings)
  })
}

function verifySigned(parts: string[], settings: VerifierSettings): VerifiedClaims | Promise<VerifiedClaims> {
  const header = decodeObject(parts[0] as string)
  checkHeader(header, settings.algorithms)
  const key = settings.keys.find(header.kid)
  if (key instanceof Promise) return key.then((found) => verifyWith(found, header.alg, parts, settings))
  return verifyWith(key, header.alg, parts, settings)
}

function verifyWith(
  key: VerificationKey | undefined,
  alg: Algorithm,
  parts: string[],
  settings: VerifierSettings,
): VerifiedClaims {
  if (!key) throw new BearerError('unknown_key')
  // RFC 8725 s3.1: the key decides the algorithm; the header may only agree.
  if (key.algorithm !== alg) throw new BearerError('unsupported_algorithm')
  const [header, payload, signature] = parts as [string, string, string]
  const signed = Buffer.from(`${header}.${payload}`, 'latin1')
  if (!settings.verifySignature(key.algorithm, key.key, signed, Buffer.from(signature, 'base64url'))) {
    throw new BearerError('bad_signature')
  }
  const claims = decodeObject(payload)
  checkClaims(claims, settings, settings.now())
  return claims
}

function checkHeader(header: JsonObject, algorithms: ReadonlySet<unknown>): asserts header is { alg: Algorithm; kid: string } {
  if (!algorithms.has(header.alg)) throw new BearerError('unsupported_algorithm')
  // RFC 9068 s4, by RFC 7515 s4.1.9 without regard to case: this one check keeps ID tokens, logout tokens, client assertions and proofs out.
  if (typeof header.typ !== 'string' || !/^(application\/)?at\+jwt$/i.test(header.typ))
    throw new BearerError('not_an_access_token')
  // RFC 7515 s4.1.11: no extension is understood here, so none may be critical; RFC 7797 would change what is signed.
  if ('crit' in header || 'b64' in header) throw new BearerError('unsupported_header')
  if (typeof header.kid !== 'string') throw new BearerError('unknown_key')
}
