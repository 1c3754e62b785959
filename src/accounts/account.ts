/** People: added, found, signed in, disabled. */
import { randomBytes } from 'node:crypto'
import type { Act } from '../audit/acts.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Passwords } from '../crypto/passwords.ts'
import { type PersonClaims, personClaims } from '../settings/person-claims.ts'
import { endBound } from '../store/bonds.ts'
import type { Account, AccountChange, Store } from '../store/store.ts'
import { emailKey, possibleEmailKey } from './email.ts'

export interface NewAccount {
  email: string
  password: string
  name?: string
  roles?: string[]
  claims?: PersonClaims
  demo?: boolean
}

export interface Accounts {
  /** @throws Refusal `invalid_email`, `weak_password`, `email_taken`, `unknown_role`, `invalid_claims` */
  add(account: NewAccount): Promise<Account>
  /** Only accounts that may be used: a disabled one is not found. Does NOT ask since when somebody is signed in; see `findSignedIn`. */
  findActive(id: string): Promise<Account | undefined>
  /** @param signedInAt when the password was given; a sign-in from before access was ended is none. */
  findSignedIn(id: string, signedInAt: number | undefined): Promise<Account | undefined>
  /** @throws Refusal `busy`, so that an attempt which could not be judged is not counted either. */
  checkRoom(): void
  findByEmail(email: string): Promise<Account | undefined>
  /** @returns the account, or undefined for any reason at all, after the same work. @throws Refusal `busy`, `password_too_long` */
  authenticate(email: string, password: string): Promise<Account | undefined>
  /** @throws Refusal `unknown_role`, `unknown_account` */
  setRoles(email: string, roles: string[]): Promise<Account>
  /** Replaces what the account says of its person. @throws Refusal `invalid_claims` with every fault, `unknown_account` */
  setClaims(email: string, claims: unknown): Promise<Account>
  /** Ends every session and grant of the account at once. @throws Refusal `unknown_account` */
  disable(email: string): Promise<void>
  /** @throws Refusal `unknown_account` */
  enable(email: string): Promise<void>
  /** Ends every session and grant too: whoever knew the old password is out. @throws Refusal `unknown_account`, `weak_password` */
  setPassword(email: string, password: string): Promise<void>
  list(limit: number, after?: string): Promise<Account[]>
}

const shortestPassword = 8

export function createAccounts({
  store,
  passwords,
  roles,
  audit,
  now,
}: {
  store: Store
  passwords: Passwords
  roles: string[]
  audit: Pick<Audit, 'record'>
  now: Clock
}): Accounts {
  const known = new Set(roles)

  function checkRoles(wanted: string[]): string[] {
    const unknown = wanted.find((role) => !known.has(role))
    if (unknown !== undefined) throw new Refusal('unknown_role', `There is no role "${unknown}" in the settings.`)
    return [...new Set(wanted)]
  }

  async function hashOf(password: string): Promise<string> {
    if (password.length < shortestPassword)
      throw new Refusal('weak_password', `A password has at least ${shortestPassword} characters.`)
    return passwords.hash(password)
  }

  async function mustFind(email: string): Promise<Account> {
    const account = await store.accounts.findByEmailKey(emailKey(email))
    if (!account) throw new Refusal('unknown_account', `There is no account ${email}.`, { status: 404 })
    return account
  }

  async function findActive(id: string): Promise<Account | undefined> {
    const account = await store.accounts.find(id)
    return account?.disabledAt === undefined ? account : undefined
  }

  /** Begun in one turn, so that one commit holds both. */
  async function changed(account: string, change: AccountChange, act: Act, detail = {}): Promise<void> {
    await Promise.all([store.accounts.change(account, change), audit.record(act, { account, detail, ifThere: { account } })])
  }

  /** The time is written with the change: what is in flight meanwhile, and is saved after the rows are gone, counts for nothing either. */
  async function changeAndEndAccess(account: string, change: AccountChange, act: Act): Promise<void> {
    await changed(account, { ...change, accessEndedAt: now() }, act)
    await endBound(store, { account })
  }

  return {
    async add({ email, password, name, roles: wanted = [], claims = {}, demo = false }) {
      const key = emailKey(email)
      const account: Account = {
        id: randomBytes(16).toString('base64url'),
        email: email.trim(),
        emailKey: key,
        name: name ?? key.slice(0, key.indexOf('@')),
        roles: checkRoles(wanted),
        claims: checkClaims(claims),
        passwordHash: await hashOf(password),
        demo,
        createdAt: now(),
      }
      const { id } = account
      const [added] = await Promise.all([
        store.accounts.add(account),
        audit.record('account.added', { account: id, detail: { roles: account.roles }, ifThere: { account: id } }),
      ])
      if (!added) throw new Refusal('email_taken', `There is already an account ${email}.`, { status: 409 })
      return account
    },
    findActive,
    async findSignedIn(id, signedInAt = 0) {
      const account = await findActive(id)
      return account?.accessEndedAt === undefined || signedInAt > account.accessEndedAt ? account : undefined
    },
    checkRoom: () => passwords.checkRoom(),
    findByEmail: (email) => store.accounts.findByEmailKey(emailKey(email)),
    async authenticate(email, password) {
      const account = await findQuietly(store, email)
      const usable = account?.disabledAt === undefined ? account : undefined
      return (await passwords.matches(password, usable?.passwordHash)) ? usable : undefined
    },
    async setRoles(email, wanted) {
      const account = await mustFind(email)
      const next = checkRoles(wanted)
      await changed(account.id, { roles: next }, 'account.roles_set', { roles: next, before: account.roles })
      return { ...account, roles: next }
    },
    async setClaims(email, claims) {
      const account = await mustFind(email)
      const next = { ...checkClaims(claims), updated_at: now() }
      await changed(account.id, { claims: next }, 'account.claims_set', { claims: Object.keys(next) })
      return { ...account, claims: next }
    },
    async disable(email) {
      const account = await mustFind(email)
      await changeAndEndAccess(account.id, { disabledAt: now() }, 'account.disabled')
    },
    async enable(email) {
      const account = await mustFind(email)
      await changed(account.id, { disabledAt: undefined }, 'account.enabled')
    },
    async setPassword(email, password) {
      const account = await mustFind(email)
      await changeAndEndAccess(account.id, { passwordHash: await hashOf(password) }, 'account.password_set')
    },
    list: (limit, after) => store.accounts.list(limit, after),
  }
}

/**
 * What may be said of a person to whom they allow it (OpenID Connect Core s5.1). The address counts as unconfirmed until an operator or a
 * letter has said otherwise: clients link accounts by that claim.
 */
export function claimsOf({ id, name, email, claims }: Account): Record<string, unknown> & { sub: string } {
  return { email_verified: false, ...claims, sub: id, name, email }
}

function checkClaims(claims: unknown): PersonClaims {
  const parsed = personClaims.safeParse(claims)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'claims'}: ${issue.message}`)
  throw new Refusal('invalid_claims', faults.join('; '))
}

/** At the sign-in form a malformed address is an unknown person, and costs the same. */
async function findQuietly(store: Store, email: string): Promise<Account | undefined> {
  const key = possibleEmailKey(email)
  return key === undefined ? undefined : store.accounts.findByEmailKey(key)
}
