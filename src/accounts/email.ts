/** E-mail addresses: as typed for people and letters, and one canonical form for finding an account. */
import { domainToASCII } from 'node:url'
import { Refusal } from '../base/errors.ts'

/**
 * The form by which an account is found and is unique: NFKC, lower case, the domain in ASCII. Two spellings that people or
 * mail servers could take for one another fall together here, so the second is "already taken" instead of a second account.
 * Checks form only; whether a letter arrives is shown by a letter.
 * @throws Refusal `invalid_email`
 */
export function emailKey(email: string): string {
  const canonical = email.trim().normalize('NFKC').toLowerCase()
  const at = canonical.lastIndexOf('@')
  const local = canonical.slice(0, at)
  const domain = domainToASCII(canonical.slice(at + 1))
  if (at < 1 || local.length > 64 || !/^[^\s@<>"(),:;\\\p{Cc}]+$/u.test(local) || !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain)) {
    throw new Refusal('invalid_email', 'This is not an e-mail address.')
  }
  return `${local}@${domain}`
}
