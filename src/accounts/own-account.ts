/** What people change of their own account, signed in. */
import type { Account } from '../store/store.ts'
import { type CredentialsParts, changeCredentials, changedMeanwhile, chosenPassword, type PasswordParts } from './credentials.ts'
import { personName } from './person-name.ts'
import { type RemovalParts, removeAccount } from './removal.ts'
import { passwordChanged } from './told.ts'

/** Who does it, and from where: for the audit log. */
export interface By {
  /** A network. */
  from: string
}

/** Whoever chooses another password since others know the present one may not know who made which key. */
export interface KeysToo {
  endKeys?: boolean
}

export interface OwnAccount {
  /** @throws Refusal `invalid_name` */
  setName(account: Account, name: string, by: By): Promise<void>
  /**
   * Ends every session, grant and refresh token of the account, and every mailed link. Does NOT ask for the password that is replaced.
   * @param account as it was when that was asked for
   * @param options `endKeys`: every API key as well
   * @returns when access ended: whoever signed in later is in. @throws Refusal `weak_password`, `changed_meanwhile`, `busy`
   */
  setPassword(account: Account, password: string, by: By, options?: KeysToo): Promise<number>
  /** For good, see `removal.ts`. */
  remove(account: Account, by: By): Promise<void>
}

export type OwnAccountParts = CredentialsParts & PasswordParts & RemovalParts

export function createOwnAccount(parts: OwnAccountParts): OwnAccount {
  const { store, audit } = parts
  const own = ({ id }: Account, { from }: By) => ({ actor: `account:${id}`, from }) as const

  return {
    async setName(account, name, by) {
      const { id } = account
      await Promise.all([
        store.accounts.change(id, { name: personName(name) }),
        audit.record('account.name_set', { ...own(account, by), account: id, ifThere: { account: id } }),
      ])
    },
    async setPassword(account, password, by, { endKeys = false } = {}) {
      const { email, name } = account
      const passwordHash = await chosenPassword(parts, password, { email, name })
      const letter = await passwordChanged(account, parts, { endKeys })
      const endsKeys = endKeys ? 'password' : undefined
      const what = { ...own(account, by), act: 'account.password_set', endsAccess: true, endsKeys, letter } as const
      const endedAt = await changeCredentials(parts, account, { passwordHash }, what)
      if (endedAt === undefined) throw changedMeanwhile()
      return endedAt
    },
    async remove(account, by) {
      await removeAccount(parts, account, { ...own(account, by), by: 'person' })
    },
  }
}
