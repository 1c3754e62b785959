/**
 * Another address for an account. It is proven by a link to the new one before anything changes, and the old one is told when it does, with a
 * link that takes it back: whoever changed it may not be the account's owner, and knows its password.
 *
 * What can be taken back is the latest changes, each for as long as its link lives, in the account's row. Taking one back takes those after
 * it back too, and their links with it: of A, B and C the link that A was sent works after the change to C, and then the one that B was sent does not, for
 * B may be a thief's. The other way round nothing is won: what B's link brings back is B, and A's still works. A change that was taken back is none any more,
 * so each link works once. It is bound to nothing else; a thief can change the password, but not what A was sent.
 */
import { Refusal } from '../base/errors.ts'
import { noPassword } from '../crypto/no-password.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Account, EmailChange } from '../store/store.ts'
import { type Links, linkKinds } from '../tokens/links.ts'
import { type Bound, boundTo, findBound, linkUsed } from './bound-links.ts'
import { type CredentialsParts, changeCredentials, changedMeanwhile, newCredentialsVersion } from './credentials.ts'
import { emailKey, longestEmailBytes } from './email.ts'
import type { By } from './own-account.ts'
import { recoveryPath } from './told.ts'

/** With the new address. */
export type EmailLink = Bound & { e: string }

/** The account, the change that is taken back by its version, and the address from before it. */
export type UndoLink = { a: string; c: number; e: string }

export interface EmailChanges {
  /**
   * Sends a letter to the new address: a link, or that it has an account already. Nothing of that shows here.
   * @throws Refusal `invalid_email`, `same_email`, `too_many_changes`
   */
  ask(account: Account, email: string): Promise<void>
  /** @returns whose address it replaces. @throws Refusal `link_used` 410 */
  find(link: EmailLink): Promise<Account>
  /** Ends every other link of the account but those that take a change back; sessions go on. @throws Refusal `link_used` 410, `email_taken` 409 */
  change(link: EmailLink, by: By): Promise<void>
  /** @returns the account, as it is before. @throws Refusal `link_used` 410 */
  findUndo(link: UndoLink): Promise<Account>
  /**
   * Gives the account its former address back, ends every session, grant, refresh token and API key, and leaves no password that works: a link to
   * choose one goes to that address. @throws Refusal `link_used` 410, `email_taken` 409
   */
  undo(link: UndoLink, by: By): Promise<void>
}

export interface EmailChangeParts extends CredentialsParts {
  links: Links
  mailer: Pick<Mailer, 'send' | 'owe'>
}

/** Which can be taken back at one time. */
const mostChanges = 5
/** Whoever is overtaken by another change looks again, and finds what is allowed now. */
const mostTries = 5

const undoSeconds = linkKinds['email-undo'].lifetimeSeconds

export function createEmailChanges(parts: EmailChangeParts): EmailChanges {
  const { store, links, mailer, issuer, now } = parts

  const living = ({ emailChanges = [] }: Account): EmailChange[] => emailChanges.filter(({ at }) => at + undoSeconds > now())
  const at = (change: { e: string }) => ({ email: change.e, emailKey: emailKey(change.e), emailVerifiedAt: now() })

  /** @throws Refusal `link_used` 410 */
  async function findUndo({ a, c }: UndoLink): Promise<Account> {
    const account = await store.accounts.find(a)
    if (account && account.disabledAt === undefined && living(account).some(({ version }) => version === c)) return account
    throw linkUsed()
  }

  /** @returns the letter with the way back, to the address that is left */
  async function changed({ id, email, name }: Account, version: number) {
    const undo: UndoLink = { a: id, c: version, e: email }
    const model = { name, at: now(), link: await links.urlOf('email-undo', undo), lifetimeSeconds: undoSeconds }
    return { kind: 'email-changed', to: email, model } as const
  }

  /** @returns whether it is done; not if the account was changed by somebody else meanwhile. @throws Refusal `email_taken` 409 */
  async function tryUndo(link: UndoLink, { from }: By): Promise<boolean> {
    const account = await findUndo(link)
    const { id, name, email, emailChanges = [] } = account
    const before = emailChanges.slice(
      0,
      emailChanges.findIndex(({ version }) => version === link.c),
    )
    const version = newCredentialsVersion()
    const recovery = await links.urlOf('recovery', { a: id, v: version })
    const endedAt = await changeCredentials(
      parts,
      account,
      { ...at(link), passwordHash: noPassword, emailChanges: before },
      {
        version,
        act: 'account.email_restored',
        actor: `account:${id}`,
        from,
        endsAccess: true,
        endsKeys: 'address',
        letter: { kind: 'email-restored', to: email, model: { name, at: now() } },
      },
    )
    if (endedAt === undefined) return isOvertaken(account)
    const { lifetimeSeconds } = linkKinds.recovery
    mailer.send({ kind: 'recovery', to: link.e, model: { name, link: recovery, lifetimeSeconds } })
    return true
  }

  /** Why a change was refused. @returns false when the account is another by now. @throws Refusal `email_taken` 409 */
  async function isOvertaken({ id, credentialsVersion }: Account): Promise<false> {
    const present = await store.accounts.find(id)
    if (present?.credentialsVersion === credentialsVersion) throw emailTaken()
    return false
  }

  return {
    async ask(account, typed) {
      const email = typed.trim()
      const key = emailKey(email)
      if (Buffer.byteLength(email) > longestEmailBytes) throw new Refusal('invalid_email', 'This address is too long.')
      if (email === account.email) throw new Refusal('same_email', 'This is the address that your account has.')
      if (living(account).length >= mostChanges)
        throw new Refusal('too_many_changes', 'The address was changed too often lately. Please try again in some days.')
      const content: EmailLink = { ...boundTo(account), e: email }
      const link = await links.urlOf('email-change', content)
      const other = await store.accounts.findByEmailKey(key)
      const { lifetimeSeconds } = linkKinds['email-change']
      if (!other || other.id === account.id) mailer.send({ kind: 'email-change', to: email, model: { link, lifetimeSeconds } })
      else mailer.send({ kind: 'address-in-use', to: other.email, model: { link: issuer + recoveryPath } })
    },
    find: (link) => findBound(store.accounts, link),
    async change(link, { from }) {
      const account = await findBound(store.accounts, link)
      const version = newCredentialsVersion()
      const endedAt = await changeCredentials(
        parts,
        account,
        { ...at(link), emailChanges: [...living(account), { version, at: now() }] },
        {
          version,
          act: 'account.email_set',
          actor: `account:${account.id}`,
          from,
          endsAccess: false,
          letter: await changed(account, version),
        },
      )
      if (endedAt === undefined && !(await isOvertaken(account))) throw linkUsed()
    },
    findUndo,
    async undo(link, by) {
      for (let tries = 1; !(await tryUndo(link, by)); tries++) if (tries === mostTries) throw changedMeanwhile()
    },
  }
}

const emailTaken = () => new Refusal('email_taken', 'There is another account with this address by now.', { status: 409 })
