/** By what a person is let in and written to: the password and the address, and the version that stands for both. */
import { randomInt } from 'node:crypto'
import type { Act } from '../audit/acts.ts'
import type { Audit, What } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { endBound } from '../store/bonds.ts'
import type { Account, CredentialsChange, Store } from '../store/store.ts'

/** See `Account.credentialsVersion`. @returns a number that no account had before; as many bits as `randomInt` gives */
export const newCredentialsVersion = (): number => randomInt(2 ** 48 - 1)

export interface CredentialsParts {
  store: Store
  audit: Pick<Audit, 'record'>
  now: Clock
}

export interface ChangeOptions extends Omit<What, 'account' | 'ifThere'> {
  act: Act
  /** Whether whoever is signed in by what was good until now is out. */
  endsAccess: boolean
}

/**
 * Changes the credentials of an account if they are still those that were read. Of any number at once one wins, and its commit holds the
 * change and what is told of it. When access ends, the time is written with the change: what is in flight meanwhile, and is saved after the
 * rows are gone, counts for nothing either. Does NOT check who asks, nor what is asked for.
 * @param read the account as it was when whatever allows this was checked
 * @returns false when it is another by now, or gone, or when the address is another account's
 */
export async function changeCredentials(
  { store, audit, now }: CredentialsParts,
  read: Account,
  change: Omit<CredentialsChange, 'credentialsVersion'>,
  { act, endsAccess, ...what }: ChangeOptions,
): Promise<boolean> {
  const credentialsVersion = newCredentialsVersion()
  const whole = { ...change, credentialsVersion, ...(endsAccess && { accessEndedAt: now() }) }
  const ifThere = { account: read.id, credentialsVersion }
  const [changed] = await Promise.all([
    store.accounts.changeIf(read.id, read.credentialsVersion, whole),
    audit.record(act, { ...what, account: read.id, ifThere }),
  ])
  if (changed && endsAccess) await endBound(store, { account: read.id })
  return changed
}
