/**
 * An account for whoever can read the letters of an address. Nothing is stored before that is shown: the link carries the whole registration, with
 * the password hashed, and the id that the account will have. So one link makes one account, however often it is used.
 *
 * What is done until the answer is the same whether the address has an account or not: the same hash, the same look-up, a link sealed, a letter written
 * after the answer. The letter tells, and whoever asked does not learn which.
 *
 * An account that is there is left as it is, whoever asks: nothing of a registration is merged into it.
 */
import { Refusal } from '../base/errors.ts'
import type { Asked } from '../crypto/passwords.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Account } from '../store/store.ts'
import { type Links, linkKinds } from '../tokens/links.ts'
import type { Attempts } from './attempts.ts'
import { type CredentialsParts, chosenPassword, type PasswordParts } from './credentials.ts'
import { emailKey, longestEmailBytes, possibleEmailKey } from './email.ts'
import type { LetterLimits } from './letter-limits.ts'
import { newAccount, newAccountId } from './new-account.ts'
import type { By } from './own-account.ts'
import { personName } from './person-name.ts'
import { recoveryPath } from './told.ts'
import type { Tombstones } from './tombstones.ts'

/** What a link says: the account's id, its address as typed, the sign-in in which it was asked for; name and hash where the password was chosen before. */
export type SignUpLink = { r: string; e: string; n?: string; h?: string; i?: string }

export interface SignUp {
  email: string
  /** Absent where the person chooses both once the address is theirs. */
  person?: Person
  /** Uid of the sign-in in which it is asked for. */
  interaction?: string | undefined
}

export interface Person {
  name: string
  password: string
}

export interface Registration {
  /**
   * Sends a letter, whatever there is behind the address. @param network of whoever asks
   * @returns what the link says, for the browser that asked
   * @throws Refusal `invalid_email`, `invalid_name`, `weak_password`, `password_too_long`, `busy`, `too_many_letters`, `too_many_attempts` 429
   */
  ask(asked: SignUp, network: string): Promise<SignUpLink>
  /**
   * The same letter once more, with a link that has an id of its own: what is sent after an account was deleted must not bring its id back.
   * @returns as `ask`. @throws Refusal `too_many_letters`
   */
  askAgain(link: SignUpLink, network: string): Promise<SignUpLink>
  /** @param issuedAt of the link @throws Refusal `link_taken` 410 when the address has an account by now, or its account was deleted since */
  check(link: SignUpLink, issuedAt: number): Promise<void>
  /** That this is the password that was chosen. @throws Refusal `wrong_password`, `too_many_attempts` 429, `password_too_long`, `busy` */
  prove(link: SignUpLink, password: string, network: string): Promise<void>
  /**
   * Of any number of uses at once, of this link or of others to the same address, one adds the account.
   * @param issuedAt of the link @param chosen where it was not before
   * @throws Refusal `link_taken` 410, also when the account that came of it was deleted since; and as `ask`
   */
  confirm(link: SignUpLink, issuedAt: number, by: By, chosen?: Person): Promise<Account>
}

export interface RegistrationParts extends CredentialsParts, PasswordParts {
  links: Links
  mailer: Pick<Mailer, 'send' | 'owe'>
  limits: LetterLimits
  attempts: Attempts
  tombstones: Tombstones
  /** That everybody has who signs up. */
  roles: string[]
}

/** Whoever has shown nothing yet waits among themselves. */
const stranger: Asked = { share: 'strangers' }

export function createRegistration(parts: RegistrationParts): Registration {
  const { store, audit, passwords, checkPassword, links, mailer, limits, attempts, tombstones, roles, issuer, now } = parts

  async function chosenLate({ name, password }: Person, email: string, from: string): Promise<{ n: string; h: string }> {
    await attempts.choosing(from)
    const n = personName(name)
    return { n, h: await chosenPassword(parts, password, { email, name: n }) }
  }

  async function send(content: SignUpLink): Promise<void> {
    const account = await store.accounts.findByEmailKey(emailKey(content.e))
    const link = await links.urlOf<SignUpLink>('sign-up', content)
    const { lifetimeSeconds } = linkKinds['sign-up']
    // To the address that the account has: one that merely looks like it may be somebody else's.
    if (account) mailer.send({ kind: 'address-in-use', to: account.email, model: { link: issuer + recoveryPath } })
    else mailer.send({ kind: 'sign-up', to: content.e, model: { link, lifetimeSeconds } })
  }

  return {
    async ask({ email: typed, person, interaction }, network) {
      const e = address(typed)
      if (person) await attempts.choosing(network)
      // Before it is hashed; what was refused before, for want of room too, has cost no letter.
      if (person) passwords.checkRoom(stranger.share)
      const ready = person && { ...person, name: personName(person.name) }
      if (ready) await checkPassword(ready.password, { email: e, name: ready.name }, stranger)
      await limits.count('sign-up', e, network)
      const h = ready && (await passwords.hash(ready.password, stranger))
      const content: SignUpLink = {
        r: newAccountId(),
        e,
        ...(ready && h !== undefined && { n: ready.name, h }),
        ...(interaction !== undefined && { i: interaction }),
      }
      await send(content)
      return content
    },
    async askAgain(link, network) {
      await limits.count('sign-up', link.e, network)
      const content = { ...link, r: newAccountId() }
      await send(content)
      return content
    },
    async check({ e, r: id }, at) {
      const key = emailKey(e)
      if ((await store.accounts.findByEmailKey(key)) ?? (await store.accounts.find(id))) throw taken()
      if (await store.accounts.wasRemoved({ at, digests: tombstones.digestsOf({ id, emailKey: key }) })) throw taken()
    },
    async prove(link, password, network) {
      const known = await attempts.counted({ email: link.e, address: network }, async () =>
        (await passwords.matches(password, link.h)) ? link : undefined,
      )
      if (!known) throw new Refusal('wrong_password', 'This is not the password that was chosen.', { status: 422 })
    },
    async confirm({ r: id, e: email, n, h }, issuedAt, { from }, chosen) {
      const proven = n !== undefined && h !== undefined ? { n, h } : chosen && (await chosenLate(chosen, email, from))
      if (!proven) throw new TypeError('nobody has chosen a password')
      const [createdAt, emailVerifiedAt] = [now(), now()]
      const account = newAccount({ id, email, name: proven.n, roles, passwordHash: proven.h, createdAt, emailVerifiedAt })
      const { credentialsVersion } = account
      // One turn, so that one commit holds both; the version is this very use's, so of many the one that added it is told of.
      const [added] = await Promise.all([
        store.accounts.addAsked(account, { at: issuedAt, digests: tombstones.digestsOf(account) }),
        audit.record('account.registered', {
          actor: `account:${id}`,
          account: id,
          from,
          ifThere: { account: id, credentialsVersion },
        }),
      ])
      if (!added) throw taken()
      return account
    },
  }
}

/** @returns as typed, without what surrounds it. @throws Refusal `invalid_email` */
function address(typed: string): string {
  const email = typed.trim()
  if (possibleEmailKey(email) !== undefined && Buffer.byteLength(email) <= longestEmailBytes) return email
  throw new Refusal('invalid_email', 'This is not an e-mail address.', { status: 422 })
}

function taken(): Refusal {
  return new Refusal('link_taken', 'This link was used already, or its address got an account in another way.', {
    status: 410,
  })
}
