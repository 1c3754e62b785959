/**
 * What links of an account are bound to: its credentials version. That moves with the password and with the address, and with nothing else, so
 * it stands for both: any change of either ends every such link, and its own use is one. It is not bound to the hash of the password: that is
 * another one when the same password is hashed anew at a sign-in, which must not end a link that its person has just been sent.
 */
import { Refusal } from '../base/errors.ts'
import type { Account, AccountStore } from '../store/store.ts'

/** In a link, under short names: the account, and its credentials version. */
export type Bound = { a: string; v: number }

export const boundTo = ({ id, credentialsVersion }: Account): Bound => ({ a: id, v: credentialsVersion })

/** Whoever is not there has a link made as well, as long as anybody's, which is sent to nobody: the work is the same. */
export const boundToNobody: Bound = { a: 'x'.repeat(22), v: 2 ** 47 }

/** @throws Refusal `link_used` 410 when it is not as it was any more, disabled or gone */
export async function findBound(accounts: Pick<AccountStore, 'find'>, { a, v }: Bound): Promise<Account> {
  const account = await accounts.find(a)
  if (account?.disabledAt === undefined && account?.credentialsVersion === v) return account
  throw linkUsed()
}

export function linkUsed(): Refusal {
  return new Refusal('link_used', 'This link was used already, or the account has changed since it was sent.', { status: 410 })
}
