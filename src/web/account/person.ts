/** Whose account a page shows: whoever is signed in at this browser, as everywhere else. */
import type { Context } from 'koa'
import type { Provider, Session } from 'oidc-provider'
import type { Accounts } from '../../accounts/account.ts'
import { networkOf } from '../../accounts/networks.ts'
import { Refusal } from '../../base/errors.ts'
import { notePerson } from '../../base/request.ts'
import { type OwnPage, signInFor } from '../../oauth/clients/own-client.ts'
import type { Account } from '../../store/store.ts'
import type { Csrf } from '../csrf.ts'
import { readForm } from '../form.ts'
import { seeOther } from '../see-other.ts'

export interface PersonParts {
  provider: Provider
  issuer: string
  accounts: Accounts
  csrf: Csrf
  now(): number
}

export interface SignedIn {
  account: Account
  session: Session
  /** For the form of this page, in this session. */
  csrf: string
}

/** A sign-in that is older is asked for once more before something that cannot be taken back. */
export const freshSeconds = 300
/** Longer than a page takes to be read and filled in. */
const formSeconds = 600

export interface Wanted {
  page: OwnPage
  /** Whether the sign-in has to be of these minutes. */
  fresh?: boolean
}

/** For the page itself. @returns undefined when the person was sent to sign in, or home if they would not */
export async function visiting(parts: PersonParts, ctx: Context, wanted: Wanted): Promise<SignedIn | undefined> {
  if (ctx.querystring) return backFromSignIn(ctx)
  return signedInSince(parts, ctx, wanted, freshSeconds)
}

/**
 * For what its form posts. A session that has ended meanwhile, or a sign-in that is too old by now, is asked for again, and nothing is done. A
 * program that has none is refused: after a redirect to a page that answers 200 it would take it for done. No other credential is looked at.
 * @throws Refusal `forged_form` 403, `not_signed_in` 401, and as `readForm`
 */
export async function posting(
  parts: PersonParts,
  ctx: Context,
  wanted: Wanted,
): Promise<(SignedIn & { form: URLSearchParams }) | undefined> {
  const form = await readForm(ctx)
  if (ctx.accepts('json', 'html') !== 'html' && !(await signedInHere(parts, ctx))) throw notSignedIn(ctx)
  const person = await signedInSince(parts, ctx, wanted, freshSeconds + formSeconds)
  if (!person) return undefined
  parts.csrf.check(about(wanted.page, person.session), form.get('csrf'))
  return { ...person, form }
}

async function signedInSince(
  parts: PersonParts,
  ctx: Context,
  { page, fresh = false }: Wanted,
  seconds: number,
): Promise<SignedIn | undefined> {
  const { issuer, csrf } = parts
  const person = await present(parts, ctx, seconds)
  if (!person || (fresh && !person.isFresh)) {
    seeOther(ctx, signInFor(issuer, page, fresh ? freshSeconds : undefined))
    return undefined
  }
  const { account, session } = person
  return { account, session, csrf: csrf.tokenFor(about(page, session)) }
}

export interface Present {
  account: Account
  session: Session
  isFresh: boolean
}

/** Within a request. @returns undefined when nobody is signed in, or not any more */
export async function present(
  { provider, accounts, now }: Pick<PersonParts, 'provider' | 'accounts' | 'now'>,
  ctx: Context,
  seconds = freshSeconds + formSeconds,
): Promise<Present | undefined> {
  const here = await signedInHere({ provider, accounts }, ctx)
  if (!here) return undefined
  const { account, session } = here
  notePerson({ account: account.id, network: networkOf(ctx.ip) })
  return { account, session, isFresh: now() - (session.loginTs ?? 0) <= seconds }
}

/** As `present`, of somebody whom the page is not for. */
export async function signedInHere(
  { provider, accounts }: Pick<PersonParts, 'provider' | 'accounts'>,
  ctx: Context,
): Promise<Pick<Present, 'account' | 'session'> | undefined> {
  const session = await provider.Session.get(ctx)
  const account = session.accountId && (await accounts.findSignedIn(session.accountId, session.loginTs))
  return account ? { account, session } : undefined
}

/** RFC 9110 s15.5.2 wants a challenge; for what a page of ours gives there is no registered one. */
function notSignedIn(ctx: Context): Refusal {
  ctx.set('WWW-Authenticate', 'Cookie')
  return new Refusal('not_signed_in', 'Sign in first, in a browser: this is a page for people.', { status: 401 })
}

const about = (page: OwnPage, { uid }: Session) => `${page}/${uid}`

/**
 * The answer to our own request stands in the address (RFC 9207, RFC 6749 s4.1.2.1), from where it goes at once. Anybody can write one, so
 * nothing of it is shown. @throws Refusal `sign_in_failed` when the sign-in came to no end
 */
function backFromSignIn(ctx: Context): undefined {
  const { error } = ctx.query
  if (error !== undefined && error !== 'access_denied')
    throw new Refusal('sign_in_failed', 'The sign-in did not come to its end. Please try again.')
  seeOther(ctx, error === undefined ? ctx.path : '/')
}
