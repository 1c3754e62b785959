/** What every account begins with, however it comes about. */
import { randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import type { Account } from '../store/store.ts'
import { newCredentialsVersion } from './credentials.ts'
import { emailKey } from './email.ts'

/** @returns the subject of somebody new */
export const newAccountId = (): string => randomBytes(16).toString('base64url')

export type Begun = Pick<Account, 'email' | 'passwordHash' | 'createdAt'> & Partial<Account>

/** Does NOT judge the password, nor the name, nor look whether the address is taken. @throws Refusal `invalid_email` */
export function newAccount({ email, ...given }: Begun): Account {
  const key = emailKey(email)
  return {
    id: newAccountId(),
    name: key.slice(0, key.indexOf('@')),
    roles: [],
    claims: {},
    demo: false,
    credentialsVersion: newCredentialsVersion(),
    ...given,
    email: email.trim(),
    emailKey: key,
  }
}

/** @returns each once. @throws Refusal `unknown_role` for one that the settings do not declare */
export function knownRoles(wanted: string[], declared: string[]): string[] {
  const unknown = wanted.find((role) => !declared.includes(role))
  if (unknown !== undefined) throw new Refusal('unknown_role', `There is no role "${unknown}" in the settings.`)
  return [...new Set(wanted)]
}
