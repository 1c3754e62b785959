/**
 * What a password has to be where one is chosen, by NIST SP 800-63B-4 s3.1.1.2: long enough, and neither common nor close to its person; no rule
 * on which characters there have to be. Does NOT apply to a password that is given to sign in: what was good enough once is let in.
 */
import { Refusal } from '../base/errors.ts'
import { canonicalPassword } from '../crypto/canonical-password.ts'
import type { Asked, Passwords } from '../crypto/passwords.ts'
import { isMostlyOf, wordsOf } from './own-words.ts'

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

/** By the default limits somebody who tries what people choose first takes three years for so many from one network, and a hundred days from however many. */
const fewestGuesses = 1_000_000

const reasons = {
  own: 'This password is too close to the name, the e-mail address or this site.',
  common: 'This password is among those that are tried first.',
  pattern: 'Repetitions, sequences, dates and rows of the keyboard are among what is tried first.',
}

/** @param site its title */
export function createPasswordPolicy(parts: {
  passwords: Pick<Passwords, 'strength'>
  shortest: number
  site: string
}): CheckPassword {
  const { passwords, shortest, site } = parts
  return async (password, person, asked) => {
    const canonical = canonicalPassword(password)
    const characters = [...canonical].length
    if (characters < shortest) throw new Refusal('weak_password', `A password has at least ${shortest} characters.`)
    if (characters > longest) throw new Refusal('password_too_long', `A password has at most ${longest} characters.`)
    const words = wordsOf([person.email, person.name ?? '', site])
    if (isMostlyOf(canonical, words)) throw weak('own')
    const { guesses, because } = await passwords.strength(canonical, words, fewestGuesses, asked)
    if (guesses < fewestGuesses) throw weak(because)
  }
}

function weak(because: keyof typeof reasons): Refusal {
  return new Refusal('weak_password', `${reasons[because]} Four words that have nothing to do with one another make a good one.`)
}
