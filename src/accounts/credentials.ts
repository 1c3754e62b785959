/** By what a person is let in and written to: the password and the address, and the version that stands for both. */
import { randomInt } from 'node:crypto'
import type { Act } from '../audit/acts.ts'
import type { Audit, What } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Passwords } from '../crypto/passwords.ts'
import type { Letter } from '../mail/letters.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Account, CredentialsChange, Store } from '../store/store.ts'
import type { ApiKeys, WhyEnded } from '../tokens/api-keys.ts'
import { endBound } from '../tokens/bonds.ts'
import type { CheckPassword, PersonToBe } from './password-policy.ts'

/** See `Account.credentialsVersion`. @returns a number that no account had before; as many bits as `randomInt` gives */
export const newCredentialsVersion = (): number => randomInt(2 ** 48 - 1)

export interface PasswordParts {
  passwords: Passwords
  checkPassword: CheckPassword
}

/** @returns what is kept of a password that its person, or an operator, has chosen. @throws Refusal `weak_password`, `password_too_long`, `busy` */
export async function chosenPassword(
  { passwords, checkPassword }: PasswordParts,
  password: string,
  { email, name, demo = false }: PersonToBe & { demo?: boolean },
): Promise<string> {
  const asked = { share: 'people' } as const
  // Everybody knows the demo's anyway.
  if (!demo) await checkPassword(password, { email, name }, asked)
  return passwords.hash(password, asked)
}

export interface CredentialsParts {
  store: Store
  audit: Pick<Audit, 'record'>
  mailer: Pick<Mailer, 'owe'>
  apiKeys: Pick<ApiKeys, 'list' | 'endAll'>
  issuer: string
  now: Clock
}

export interface ChangeOptions extends Omit<What, 'account' | 'ifThere'> {
  act: Act
  /** Whether whoever is signed in by what was good until now is out. */
  endsAccess: boolean
  /** Whether the account's API keys end as well, and why; those of whoever is out make no other behind it. */
  endsKeys?: WhyEnded | undefined
  /** Tells the person. */
  letter?: Letter
  /** Drawn by whoever has to know it before. */
  version?: number
}

/**
 * Changes the credentials of an account if they are still those that were read. Of any number at once one wins, and its commit holds the
 * change and what is told of it. When access ends, the time is written with the change: what is in flight meanwhile, and is saved after the
 * rows are gone, counts for nothing either. Does NOT check who asks, nor what is asked for.
 * @param read the account as it was when whatever allows this was checked
 * @returns when, in seconds since the epoch; undefined when it is another by now, or gone, or when the address is another account's
 */
export async function changeCredentials(
  { store, audit, mailer, apiKeys, now }: CredentialsParts,
  read: Account,
  change: Omit<CredentialsChange, 'credentialsVersion'>,
  { act, endsAccess, endsKeys, letter, version: credentialsVersion = newCredentialsVersion(), ...what }: ChangeOptions,
): Promise<number | undefined> {
  const at = now()
  const whole = { ...change, credentialsVersion, ...(endsAccess && { accessEndedAt: at }) }
  const ifThere = { account: read.id, credentialsVersion }
  const [changed] = await Promise.all([
    store.accounts.changeIf(read.id, read.credentialsVersion, whole),
    audit.record(act, { ...what, account: read.id, ifThere }),
    ...(letter ? [mailer.owe(letter, ifThere)] : []),
  ])
  if (!changed) return undefined
  if (endsAccess) await endBound(store, { account: read.id }, at)
  if (endsKeys) await apiKeys.endAll({ account: read.id }, endsKeys, what)
  return at
}

/** Whoever changes an account has looked at it before: what came in between may have been the person's own doing. */
export function changedMeanwhile(): Refusal {
  return new Refusal('changed_meanwhile', 'The account was changed by somebody else at the same moment. Please look again.', {
    status: 409,
  })
}

/**
 * Whoever signed in by the second in which access ended is out (`Accounts.findSignedIn`). A proof that is known to be later, since it was of
 * credentials as that change had left them, counts from the next second.
 * @param accessEndedAt of the account as it was when the proof was looked at
 */
export const countedFrom = (provenAt: number, accessEndedAt = 0): number => Math.max(provenAt, accessEndedAt + 1)
