/** Which letters there are, what each has to be told, and (kind, model) -> subject, text and HTML. The words are in `views/letters`. */
import { type LetterWords, openLetterTemplates } from './templates.ts'

/**
 * What strangers can cause holds nothing that they chose: no name, no text. `link` is a whole address of the issuer, `at` in seconds since
 * the epoch. Names may be empty, and are left out where a mail program would make a link of them.
 */
export interface LetterModels {
  /** To whoever may own the address. */
  'sign-up': { link: string; lifetimeSeconds: number }
  /** The same request where there is an account already. `link` leads to where a password is replaced. */
  'address-in-use': { link: string }
  recovery: { name: string; link: string; lifetimeSeconds: number }
  /** `link` leads to where a password is replaced, for whoever did not do it. */
  'password-changed': { name: string; at: number; link: string }
  /** To the new address, to prove it. */
  'email-change': { link: string; lifetimeSeconds: number }
  /** To the former address, with the way back. */
  'email-changed': { name: string; at: number; link: string; lifetimeSeconds: number }
  /** To the address that an operator replaced. */
  'email-set': { name: string; at: number }
  /** To the address that a former one took the place of. */
  'email-restored': { name: string; at: number }
  'sign-in-link': { name: string; link: string; lifetimeSeconds: number }
  /** `network` is an address or the beginning of one, `agent` what the browser calls itself, `link` leads to where a password is replaced. */
  'new-device': { name: string; at: number; network: string; agent?: string | undefined; link: string }
  'account-deleted': { name: string; at: number; by: 'person' | 'operator' }
  /** Asked for by an operator, who wants to see whether letters arrive. */
  test: Record<never, never>
}

export type LetterKind = keyof LetterModels

/** `to` is one address, as an account has it. */
export type Letter = { [K in LetterKind]: { kind: K; to: string; model: LetterModels[K] } }[LetterKind]

export const letterKinds: readonly LetterKind[] = [
  'sign-up',
  'address-in-use',
  'recovery',
  'password-changed',
  'email-change',
  'email-changed',
  'email-set',
  'email-restored',
  'sign-in-link',
  'new-device',
  'account-deleted',
  'test',
]

export interface Letters {
  write(letter: Pick<Letter, 'kind' | 'model'>): LetterWords
}

/** @param given `issuer` is the server that the letters say they come from */
export function createLetters(given: Parameters<typeof openLetterTemplates>[1]): Letters {
  const templates = openLetterTemplates(letterKinds, given)
  return { write: ({ kind, model }) => templates.fill(kind, model) }
}
