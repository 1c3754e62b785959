/** People of another system, brought here with the hashes of their passwords. */
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { acceptedHash } from '../crypto/foreign-hashes.ts'
import { importedPerson } from '../settings/imported-person.ts'
import type { Account, AccountStore } from '../store/store.ts'
import { knownRoles, newAccount } from './new-account.ts'

/**
 * Judges one. Does NOT judge the password, which nobody knows here, nor look whether the address is taken.
 * @throws Refusal `invalid_person` with every fault of its members; `invalid_email`, `unknown_role`, `unknown_hash`, `costly_hash`
 */
export function importedAccount(given: unknown, { roles, now }: { roles: string[]; now: Clock }): Account {
  const parsed = importedPerson.safeParse(given)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
    throw new Refusal('invalid_person', faults.join('; '))
  }
  const { email, hash, name, claims: said, ...one } = parsed.data
  const { email_verified: isVerified = one.email_verified, ...claims } = said
  const created = typeof one.created === 'string' ? Math.floor(Date.parse(one.created) / 1_000) : (one.created ?? now())
  return newAccount({
    email,
    ...(name !== undefined && { name }),
    roles: knownRoles(one.roles, roles),
    claims,
    passwordHash: acceptedHash(hash),
    createdAt: Math.min(created, now()),
    ...(isVerified && { emailVerifiedAt: now() }),
    ...(one.disabled && { disabledAt: now() }),
  })
}

/** In one commit, each with its entry in the audit log. @returns how many were added: whose address was here already is left as it was. */
export async function addImported(
  { accounts, audit }: { accounts: Pick<AccountStore, 'add'>; audit: Pick<Audit, 'record'> },
  batch: Account[],
): Promise<number> {
  const added = batch.map(async (account) => {
    const { id, roles } = account
    const what = { account: id, detail: { roles, imported: true }, ifThere: { account: id } }
    const [isNew] = await Promise.all([accounts.add(account), audit.record('account.added', what)])
    return isNew
  })
  return (await Promise.all(added)).filter(Boolean).length
}
