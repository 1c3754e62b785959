/** What RFC 9068 s4 and RFC 7519 s4.1 demand of the claims of a token that the issuer signed. */
import type { CheckedClaims } from './auth.ts'
import { boundKeyOf } from './bound-key.ts'
import type { JsonObject } from './compact.ts'
import { BearerError } from './errors.ts'
import { withoutEmptyPath } from './url.ts'

export interface Expected {
  issuer: string
  /** The resource identifier without an empty path. */
  audience: string
  /** Seconds that clocks may differ. */
  clockTolerance: number
  /** The longest time from `iat` to `exp` that is accepted, in seconds. */
  maxTokenAge: number
  /** Whether tokens that are bound to a key are taken, by whoever then demands the proof. */
  takesBound: boolean
}

/**
 * Validates: the presence and type of `iss`, `aud`, `exp`, `iat`, `sub`, `client_id`, `jti` (RFC 9068 s2.2); issuer and audience by exact
 * comparison; the times; that the token is not bound to a key, or where such tokens are taken, that it is bound by `jkt` alone (RFC 9449 s6.1).
 * Does NOT validate: `scope` and how the person signed in, see `requirement.ts`; the proof, see `dpop.ts`.
 */
export function checkClaims(
  claims: JsonObject,
  expected: Expected,
  now: number,
  maxAge = expected.maxTokenAge,
): asserts claims is JsonObject & CheckedClaims {
  if (claims.iss !== expected.issuer) throw new BearerError('wrong_issuer')
  if (!isAudience(claims.aud, expected.audience)) throw new BearerError('wrong_audience')
  for (const name of ['sub', 'client_id', 'jti']) {
    if (typeof claims[name] !== 'string' || claims[name] === '') throw new BearerError('invalid_claims')
  }
  checkTimes(claims, expected, now, maxAge)
  // RFC 7800: `cnf` names a key that the sender must prove to hold. Sent as Bearer, it was taken from its owner or its proof was left out.
  if (claims.cnf !== undefined && !(expected.takesBound && boundKeyOf(claims) !== undefined))
    throw new BearerError('sender_constrained')
}

function isAudience(aud: unknown, audience: string): boolean {
  if (aud === audience) return true
  const names: unknown[] = Array.isArray(aud) ? aud : [aud]
  return names.every((name) => typeof name === 'string') && names.some((name) => withoutEmptyPath(name as string) === audience)
}

function checkTimes({ exp, iat, nbf }: JsonObject, { clockTolerance }: Expected, now: number, maxAge: number): void {
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf))) throw new BearerError('invalid_claims')
  // RFC 7519 s4.1.4: "on or after" which it must not be accepted.
  if (now >= exp + clockTolerance) throw new BearerError('expired')
  if (iat > now + clockTolerance || (nbf !== undefined && nbf > now + clockTolerance)) throw new BearerError('not_yet_valid')
  if (exp - iat > maxAge) throw new BearerError('lifetime_too_long')
}

// Whole seconds up to the year 9999. RFC 7519 lets a NumericDate have a fraction; no issuer of access tokens needs one, and comparing whole
// seconds leaves no rounding to think about.
const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 253_402_300_800
