/** What an account says of its person, beside what it needs itself. */
import { Refusal } from '../base/errors.ts'
import { type PersonClaims, personClaims } from '../settings/person-claims.ts'
import type { Account } from '../store/store.ts'

/**
 * What may be said of a person to whom they allow it (OpenID Connect Core s5.1). The address counts as unconfirmed until an operator or a
 * letter has said otherwise: clients link accounts by that claim.
 */
export function claimsOf({ id, name, email, claims, emailVerifiedAt }: Account): Record<string, unknown> & { sub: string } {
  return { ...claims, sub: id, name, email, email_verified: emailVerifiedAt !== undefined }
}

/** @throws Refusal `invalid_claims` with every fault */
export function checkClaims(claims: unknown): PersonClaims {
  const parsed = personClaims.safeParse(claims)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'claims'}: ${issue.message}`)
  throw new Refusal('invalid_claims', faults.join('; '))
}
