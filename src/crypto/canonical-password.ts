/** The forms of a password: what was typed, and the one in which it is hashed. */
import { Refusal } from '../base/errors.ts'

/** UTF-16 units, of what was typed. Beyond them nothing looks at it: normalising can make eighteen characters of one. */
const longestTyped = 1_024

/**
 * NFKC, so that a letter that one keyboard sends whole and another in two parts is one letter (NIST SP 800-63B-4 s3.1.1.2). Nothing else
 * is changed: spaces, capitals and what cannot be seen count.
 * @throws Refusal `password_too_long` before it is normalised
 */
export function canonicalPassword(password: string): string {
  if (password.length > longestTyped) throw new Refusal('password_too_long', `A password has at most ${longestTyped} characters.`)
  return password.normalize('NFKC')
}

/**
 * What a hash may have been made of: the canonical form, and what was typed where that is another, since hashes of other systems, and those
 * of this one from before it normalised, were made of that. How many there are depends on what was typed alone, not on whose hash it is.
 * @throws Refusal as `canonicalPassword`
 */
export function possibleForms(password: string): string[] {
  const canonical = canonicalPassword(password)
  return canonical === password ? [password] : [canonical, password]
}
