/** An address as it stands in an envelope and a header. */
import { domainToASCII } from 'node:url'

/** What stands before the `@` (RFC 5321 s4.1.2, RFC 6531 s3.3), without quotes: nothing that ends a line, a list or an address can stand in it, nor what cannot be seen. */
export const localPart = /^[^\s@<>"(),:;\\\p{C}\p{Default_Ignorable_Code_Point}]{1,64}$/u

/**
 * The domain in ASCII (UTS 46), of what is in NFKC already. Node reads it as a URL's host: what ends one (`example.com/…`), is left out of one (a tab)
 * or decoded in one (`%61`) would stand in the address, however long, and not in the form by which it is found.
 * @returns '' for what is none
 */
export const asciiDomain = (domain: string): string => (/[\s\p{Cc}/\\?#:%]/u.test(domain) ? '' : domainToASCII(domain))

/**
 * The local part as the account has it, since only its own server knows which spellings are one; the domain in ASCII.
 * @returns undefined for what is no address, or more than one
 */
export function mailbox(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = asciiDomain(address.slice(at + 1).normalize('NFKC'))
  return at > 0 && localPart.test(local) && /^[a-z0-9.-]{1,253}$/.test(domain) ? `${local}@${domain}` : undefined
}
