/**
 * Signing in by a link that is sent to the person's address. A link hangs on the last sign-in, which has a version of its own: the next one, by
 * whatever means, moves it, and so does the use of the link itself. What ends every link of the account (`bound-links.ts`) ends it as well.
 *
 * Whoever asks is told the same whether there is such an account or not, after the same look-up and the same signature; the letter is written
 * after the answer.
 */
import { randomInt } from 'node:crypto'
import type { Mailer } from '../mail/mailer.ts'
import type { Account, AccountStore } from '../store/store.ts'
import { type Links, linkKinds } from '../tokens/links.ts'
import { type Bound, boundTo, boundToNobody, findBound, linkUsed } from './bound-links.ts'
import { findTyped } from './email.ts'
import type { LetterLimits } from './letter-limits.ts'

/** With the sign-in that was the last, and the interaction in which it was asked for. */
export type SignInLink = Bound & { s: number; u: string }

/** A sign-in that is good only as long as nobody else's came before it. */
export type SignInAfter = Pick<Account, 'signInVersion' | 'credentialsVersion'>

export interface SignInLinks {
  /**
   * Whether there is an account behind the address is NOT said.
   * @param uid of the interaction in which it is asked for, @param address of whoever asks
   * @throws Refusal `too_many_letters` 429 with `retryAfterSeconds`
   */
  send(email: string, uid: string, address: string): Promise<void>
  /** Whom a link would sign in. Takes nothing away. @throws Refusal `link_used` 410 */
  find(link: SignInLink): Promise<Account>
  /**
   * Of every sign-in, whatever its means.
   * @param after for one that a link began
   * @returns false when another came before it: then it is none
   */
  signedIn(account: string, after?: SignInAfter): Promise<boolean>
}

export interface SignInLinkParts {
  store: { accounts: AccountStore }
  links: Links
  mailer: Pick<Mailer, 'send'>
  limits: LetterLimits
}

/** No version is drawn as low: it stands for an account that nobody has signed in to. */
const never = 0

export function createSignInLinks({ store: { accounts }, links, mailer, limits }: SignInLinkParts): SignInLinks {
  return {
    async send(email, uid, address) {
      await limits.count('sign-in-link', email, address)
      const account = await findTyped(accounts, email)
      const content = account
        ? { ...boundTo(account), s: account.signInVersion ?? never, u: uid }
        : { ...boundToNobody, s: boundToNobody.v, u: uid }
      const link = await links.urlOf<SignInLink>('sign-in', content)
      if (!account || account.disabledAt !== undefined) return
      const { lifetimeSeconds } = linkKinds['sign-in']
      mailer.send({ kind: 'sign-in-link', to: account.email, model: { name: account.name, link, lifetimeSeconds } })
    },
    async find(link) {
      const account = await findBound(accounts, link)
      if ((account.signInVersion ?? never) === link.s) return account
      throw linkUsed()
    },
    signedIn: (account, after) => accounts.noteSignIn(account, randomInt(1, 2 ** 48 - 1), after),
  }
}
