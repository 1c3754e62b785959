/**
 * Another password for whoever can read the letters of an account. Nothing is stored for it: the link is bound to what the account is
 * (`bound-links.ts`), so asking again ends no link, and using one ends all.
 */
import type { Mailer } from '../mail/mailer.ts'
import type { Account } from '../store/store.ts'
import { type Links, linkKinds } from '../tokens/links.ts'
import type { Attempts } from './attempts.ts'
import { type Bound, boundTo, boundToNobody, findBound, linkUsed } from './bound-links.ts'
import {
  type CredentialsParts,
  changeCredentials,
  chosenPassword,
  newCredentialsVersion,
  type PasswordParts,
} from './credentials.ts'
import { findTyped } from './email.ts'
import type { By, KeysToo } from './own-account.ts'
import { passwordChanged } from './told.ts'

/** With the sign-in in which it was asked for, to go on there. */
export type RecoveryLink = Bound & { i?: string }

export interface Recovery {
  /**
   * Sends a link to the address that the account has, if there is one that may be used. What is done until the answer is the same if there is not.
   * @param interaction uid of the sign-in in which this is asked for
   */
  ask(email: string, interaction?: string): Promise<void>
  /** @returns whose password the link replaces. @throws Refusal `link_used` 410 */
  find(link: RecoveryLink): Promise<Account>
  /**
   * Ends every session, grant and refresh token of the account, and every other link. The address is its person's from now on, since they read the letter.
   * @param options `endKeys`: every API key as well
   * @returns the account with the credentials that it has now
   * @throws Refusal `link_used` 410, `weak_password`, `password_too_long`, `busy`, `too_many_attempts` 429
   */
  setPassword(
    link: RecoveryLink,
    password: string,
    by: By,
    options?: KeysToo,
  ): Promise<Pick<Account, 'id' | 'credentialsVersion'>>
}

export interface RecoveryParts extends CredentialsParts, PasswordParts {
  links: Links
  mailer: Pick<Mailer, 'send' | 'owe'>
  attempts: Pick<Attempts, 'choosing'>
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { store, links, mailer, attempts, now } = parts

  async function findUsable(email: string): Promise<Account | undefined> {
    const account = await findTyped(store.accounts, email)
    return account?.disabledAt === undefined ? account : undefined
  }

  return {
    async ask(email, interaction) {
      const account = await findUsable(email)
      const content: RecoveryLink = { ...(account ? boundTo(account) : boundToNobody), ...(interaction && { i: interaction }) }
      const link = await links.urlOf('recovery', content)
      if (!account) return
      const { lifetimeSeconds } = linkKinds.recovery
      mailer.send({ kind: 'recovery', to: account.email, model: { name: account.name, link, lifetimeSeconds } })
    },
    find: (link) => findBound(store.accounts, link),
    async setPassword(link, password, { from }, { endKeys = false } = {}) {
      const account = await findBound(store.accounts, link)
      const { id, email, name, emailVerifiedAt = now() } = account
      await attempts.choosing(from)
      const passwordHash = await chosenPassword(parts, password, { email, name })
      const version = newCredentialsVersion()
      const endedAt = await changeCredentials(
        parts,
        account,
        { passwordHash, emailVerifiedAt },
        {
          act: 'account.recovered',
          actor: `account:${id}`,
          from,
          endsAccess: true,
          endsKeys: endKeys ? 'password' : undefined,
          version,
          letter: await passwordChanged(account, parts, { endKeys }),
        },
      )
      if (endedAt === undefined) throw linkUsed()
      return { id, credentialsVersion: version }
    },
  }
}
