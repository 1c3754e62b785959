/** People: added, found, signed in, disabled. */
import type { Act } from '../audit/acts.ts'
import { Refusal } from '../base/errors.ts'
import type { PersonClaims } from '../settings/person-claims.ts'
import type { Account, AccountChange } from '../store/store.ts'
import type { ApiKeys } from '../tokens/api-keys.ts'
import { endIssued, endSubject } from '../tokens/bonds.ts'
import { checkClaims } from './claims.ts'
import {
  type CredentialsParts,
  changeCredentials,
  changedMeanwhile,
  chosenPassword,
  newCredentialsVersion,
  type PasswordParts,
} from './credentials.ts'
import { emailKey, findTyped } from './email.ts'
import { knownRoles, newAccount } from './new-account.ts'
import type { KeysToo } from './own-account.ts'
import { removeAccount } from './removal.ts'
import { passwordChanged } from './told.ts'
import type { Tombstones } from './tombstones.ts'
import type { Upgrades } from './upgrades.ts'

export interface NewAccount {
  email: string
  password: string
  name?: string
  roles?: string[]
  claims?: PersonClaims
  demo?: boolean
}

export interface Accounts {
  /** @throws Refusal `invalid_email`, `weak_password`, `password_too_long`, `email_taken`, `unknown_role`, `invalid_claims` */
  add(account: NewAccount): Promise<Account>
  /** Only accounts that may be used: a disabled one is not found. Does NOT ask since when somebody is signed in; see `findSignedIn`. */
  findActive(id: string): Promise<Account | undefined>
  /** @param signedInAt when the password was given; a sign-in from before access was ended is none. */
  findSignedIn(id: string, signedInAt: number | undefined): Promise<Account | undefined>
  /** @throws Refusal `busy`, so that an attempt which could not be judged is not counted either. */
  checkRoom(): void
  /** As typed: what is no address is nobody's. */
  findByEmail(email: string): Promise<Account | undefined>
  /** @returns the account, or undefined for any reason at all, after the same work. @throws Refusal `busy`, `password_too_long` */
  authenticate(email: string, password: string): Promise<Account | undefined>
  /**
   * Where one is taken away, ends the tokens that were issued until now; apps get new ones that say less. API keys that need it end for good.
   * @throws Refusal `unknown_role`, `unknown_account`
   */
  setRoles(email: string, roles: string[]): Promise<Account>
  /**
   * Replaces what the account says of its person. That its address is confirmed is a fact of the address: what is not said of it stays.
   * @throws Refusal `invalid_claims` with every fault, `unknown_account`, `changed_meanwhile`
   */
  setClaims(email: string, claims: unknown): Promise<Account>
  /** Ends every session, grant, API key and mailed link of the account at once. @throws Refusal `unknown_account` */
  disable(email: string): Promise<void>
  /**
   * Ends every session, grant, token and API key of the account at once, and leaves it as it is: its person signs in again.
   * @param who an address, or the subject of their tokens
   * @returns whose it was, and how many API keys ended. @throws Refusal `unknown_account`
   */
  endAccess(who: string): Promise<{ account: Account; keys: number }>
  /** For good, and whatever hangs on it: see `removal.ts`. @throws Refusal `unknown_account` */
  remove(email: string): Promise<void>
  /** Brings back nothing of what was ended. @throws Refusal `unknown_account` */
  enable(email: string): Promise<void>
  /** Ends the same, API keys if that is said: whoever knew the old password is out. @throws Refusal `unknown_account`, `weak_password`, `changed_meanwhile` */
  setPassword(email: string, password: string, options?: KeysToo): Promise<void>
  /**
   * Ends every mailed link of the account, those too by which a change of the address could be taken back: an operator's word is the last. The new
   * address is not confirmed by it; the old one is told. @throws Refusal `unknown_account`, `invalid_email`, `email_taken`, `changed_meanwhile`
   */
  setEmail(email: string, next: string): Promise<Account>
  list(limit: number, after?: string): Promise<Account[]>
}

export interface AccountParts extends CredentialsParts, PasswordParts {
  apiKeys: Pick<ApiKeys, 'list' | 'endAll' | 'endBeyond'>
  upgrades: Upgrades
  tombstones: Tombstones
  roles: string[]
}

export function createAccounts(parts: AccountParts): Accounts {
  const { store, passwords, upgrades, roles, audit, apiKeys, now } = parts

  async function mustFind(email: string): Promise<Account> {
    const account = await store.accounts.findByEmailKey(emailKey(email))
    if (!account) throw unknownAccount(email)
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

  return {
    async add({ email, password, name, roles: wanted = [], claims = {}, demo = false }) {
      // Before anything is hashed.
      emailKey(email)
      const { email_verified: isVerified, ...others } = checkClaims(claims)
      const account = newAccount({
        email,
        ...(name !== undefined && { name }),
        roles: knownRoles(wanted, roles),
        claims: others,
        passwordHash: await chosenPassword(parts, password, { email, name, demo }),
        demo,
        createdAt: now(),
        ...(isVerified && { emailVerifiedAt: now() }),
      })
      const { id } = account
      const [added] = await Promise.all([
        store.accounts.add(account),
        audit.record('account.added', { account: id, detail: { roles: account.roles }, ifThere: { account: id } }),
      ])
      if (!added) throw emailTaken(email)
      return account
    },
    findActive,
    async findSignedIn(id, signedInAt = 0) {
      const account = await findActive(id)
      return account?.accessEndedAt === undefined || signedInAt > account.accessEndedAt ? account : undefined
    },
    checkRoom: () => passwords.checkRoom(),
    findByEmail: (email) => findTyped(store.accounts, email),
    async authenticate(email, password) {
      const account = await findTyped(store.accounts, email)
      const usable = account?.disabledAt === undefined ? account : undefined
      const { matches, outdated } = await passwords.compare(password, usable?.passwordHash)
      if (!usable || !matches) return undefined
      if (outdated) upgrades.begin(usable, password)
      return usable
    },
    async setRoles(email, wanted) {
      const account = await mustFind(email)
      const next = knownRoles(wanted, roles)
      await changed(account.id, { roles: next }, 'account.roles_set', { roles: next, before: account.roles })
      if (account.roles.some((role) => !next.includes(role))) await endIssued(store, { account: account.id }, now())
      // Whatever was lost: whoever was killed behind that change asks once more.
      await apiKeys.endBeyond(account.id, next, {})
      return { ...account, roles: next }
    },
    async setClaims(email, claims) {
      const account = await mustFind(email)
      const given = checkClaims(claims)
      const { email_verified: isVerified, ...others } = given
      const next = { ...others, updated_at: now() }
      const detail = { claims: Object.keys({ ...given, updated_at: 0 }) }
      const { id, credentialsVersion } = account
      const verified = isVerified === undefined ? {} : { emailVerifiedAt: isVerified ? now() : undefined }
      const [done] = await Promise.all([
        // It is said of this address: one that comes in between is not confirmed by it.
        store.accounts.changeIf(id, credentialsVersion, { claims: next, ...verified, credentialsVersion }),
        audit.record('account.claims_set', { account: id, detail, ifThere: { account: id, credentialsVersion } }),
      ])
      if (!done) throw changedMeanwhile()
      return { ...account, claims: next, ...verified }
    },
    async disable(email) {
      const account = await mustFind(email)
      const change = { disabledAt: now(), accessEndedAt: now(), credentialsVersion: newCredentialsVersion() }
      await changed(account.id, change, 'account.disabled')
      await endSubject(store, account.id, now())
      await apiKeys.endAll({ account: account.id }, 'disabled', {})
    },
    async endAccess(who) {
      const account = who.includes('@') ? await mustFind(who) : await store.accounts.find(who)
      if (!account) throw unknownAccount(who)
      await changed(account.id, { accessEndedAt: now() }, 'account.tokens_revoked')
      await endSubject(store, account.id, now())
      return { account, keys: await apiKeys.endAll({ account: account.id }, 'operator', {}) }
    },
    async remove(email) {
      const account = await mustFind(email)
      if (!(await removeAccount(parts, account, { by: 'operator' }))) throw unknownAccount(email)
    },
    async enable(email) {
      const account = await mustFind(email)
      // Those that a process left which was killed while it disabled.
      await apiKeys.endAll({ account: account.id }, 'disabled', {})
      await changed(account.id, { disabledAt: undefined }, 'account.enabled')
    },
    async setPassword(email, password, { endKeys = false } = {}) {
      const account = await mustFind(email)
      const letter = await passwordChanged(account, parts, { endKeys })
      const endsKeys = endKeys ? 'password' : undefined
      const what = { act: 'account.password_set', endsAccess: true, endsKeys, letter } as const
      const done = await changeCredentials(parts, account, { passwordHash: await chosenPassword(parts, password, account) }, what)
      if (done === undefined) throw changedMeanwhile()
    },
    async setEmail(email, next) {
      const account = await mustFind(email)
      const change = { email: next.trim(), emailKey: emailKey(next), emailVerifiedAt: undefined, emailChanges: [] }
      const letter = { kind: 'email-set', to: account.email, model: { name: account.name, at: now() } } as const
      const done = await changeCredentials(parts, account, change, { act: 'account.email_set', endsAccess: false, letter })
      if (done !== undefined) return { ...account, email: change.email, emailKey: change.emailKey }
      const other = await store.accounts.findByEmailKey(change.emailKey)
      if (other && other.id !== account.id) throw emailTaken(next)
      throw changedMeanwhile()
    },
    list: (limit, after) => store.accounts.list(limit, after),
  }
}

const emailTaken = (email: string): Refusal =>
  new Refusal('email_taken', `There is already an account ${email}.`, { status: 409 })

const unknownAccount = (email: string): Refusal =>
  new Refusal('unknown_account', `There is no account ${email}.`, { status: 404 })
