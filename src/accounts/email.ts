/** E-mail addresses: as typed for people and letters, and one canonical form for finding an account. */
import { Refusal } from '../base/errors.ts'
import { asciiDomain, localPart } from '../mail/address.ts'
import type { Account, AccountStore } from '../store/store.ts'

/**
 * The form by which an account is found and is unique: NFKC, lower case, the domain in ASCII. Two spellings that people or
 * mail servers could take for one another fall together here, so the second is "already taken" instead of a second account.
 * What cannot be seen (a zero-width space, a soft hyphen) is refused. Checks form only; whether a letter arrives is shown by a letter.
 * @throws Refusal `invalid_email`
 */
export function emailKey(email: string): string {
  const key = possibleEmailKey(email)
  if (key === undefined) throw new Refusal('invalid_email', 'This is not an e-mail address.')
  return key
}

const domainName = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/

/** In bytes (RFC 5321 s4.5.3.1.3): what is longer gets no letter, and a link has to hold it. */
export const longestEmailBytes = 254

/** @returns undefined for what is no address */
export function possibleEmailKey(email: string): string | undefined {
  const canonical = email.trim().normalize('NFKC').toLowerCase().normalize('NFKC')
  const at = canonical.lastIndexOf('@')
  const local = canonical.slice(0, at)
  const domain = asciiDomain(canonical.slice(at + 1))
  return at > 0 && localPart.test(local) && domainName.test(domain) ? `${local}@${domain}` : undefined
}

/** Whose address somebody typed, if it is anybody's; what is no address is an unknown person's. A disabled account is found as well. */
export async function findTyped(accounts: Pick<AccountStore, 'findByEmailKey'>, email: string): Promise<Account | undefined> {
  const key = possibleEmailKey(email)
  return key === undefined ? undefined : accounts.findByEmailKey(key)
}
