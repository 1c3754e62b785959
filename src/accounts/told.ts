/** Letters that tell people what happened to their account. */
import type { Letter } from '../mail/letters.ts'
import type { Account } from '../store/store.ts'

/** Where somebody who has no password that works asks for a link to choose another. */
export const recoveryPath = '/recovery'

export function passwordChanged({ email, name }: Account, issuer: string, at: number): Letter {
  return { kind: 'password-changed', to: email, model: { name, at, link: issuer + recoveryPath } }
}
