/** People of another system, brought here with the hashes of their passwords. */
import { randomBytes } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { acceptedHash } from '../crypto/foreign-hashes.ts'
import { importedPerson } from '../settings/imported-person.ts'
import type { Account, AccountStore } from '../store/store.ts'
import { newCredentialsVersion } from './credentials.ts'
import { emailKey } from './email.ts'

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
  const unknown = one.roles.find((role) => !roles.includes(role))
  if (unknown !== undefined) throw new Refusal('unknown_role', `There is no role "${unknown}" in the settings.`)
  const key = emailKey(email)
  const created = typeof one.created === 'string' ? Math.floor(Date.parse(one.created) / 1_000) : (one.created ?? now())
  return {
    id: randomBytes(16).toString('base64url'),
    email: email.trim(),
    emailKey: key,
    name: name ?? key.slice(0, key.indexOf('@')),
    roles: [...new Set(one.roles)],
    claims,
    passwordHash: acceptedHash(hash),
    demo: false,
    createdAt: Math.min(created, now()),
    credentialsVersion: newCredentialsVersion(),
    ...(isVerified && { emailVerifiedAt: now() }),
    ...(one.disabled && { disabledAt: now() }),
  }
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
