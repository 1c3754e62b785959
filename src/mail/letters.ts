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
  /** `link` leads to where a password is replaced, for whoever did not do it; `keys` is how many API keys go on. */
  'password-changed': { name: string; at: number; link: string; keys: number }
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
  /** `key` is what its owner calls it, `api` the name of an API, `scopes` their sentences; `link` leads to where a person's keys are, here and below. */
  'api-key-added': { name: string; key: string; api: string; scopes: string[]; at: number; expiresAt: number; link: string }
  /** At least one, all for the same reason. */
  'api-key-ended': { name: string; keys: { key: string; api: string }[]; why: WhyTold; at: number; link: string }
  /** Asked for by an operator, who wants to see whether letters arrive. */
  test: Record<never, never>
}

/** Why API keys of a person ended, where they are told: not what they did themselves, nor what the end of their account says anyway. */
export type WhyTold = 'operator' | 'leaked' | 'disabled' | 'role' | 'password' | 'address'

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
  'api-key-added',
  'api-key-ended',
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
