/**
 * What a password has to be where one is chosen, by NIST SP 800-63B-4 s3.1.1.2: long enough, and neither common nor close to its person; no rule
 * on which characters there have to be. Does NOT apply to a password that is given to sign in: what was good enough once is let in.
 */
import { Refusal } from '../base/errors.ts'
import { canonicalPassword } from '../crypto/canonical-password.ts'
import type { Asked } from '../crypto/passwords.ts'

export interface PersonToBe {
  email: string
  name?: string
}

/**
 * Every place in which a password is chosen asks this before it hashes.
 * @throws Refusal `weak_password` with a sentence that helps, `password_too_long`, `busy` (a password is judged in the queue of those that are hashed)
 */
export type CheckPassword = (password: string, person: PersonToBe, asked: Asked) => Promise<void>

/** Characters, which are code points of the canonical form. */
const longest = 256

export function createPasswordPolicy({ shortest }: { shortest: number }): CheckPassword {
  return async (password) => {
    const characters = [...canonicalPassword(password)].length
    if (characters < shortest) throw new Refusal('weak_password', `A password has at least ${shortest} characters.`)
    if (characters > longest) throw new Refusal('password_too_long', `A password has at most ${longest} characters.`)
  }
}
