/**
 * A sign-in between the password and the session that it begins. It has a name, the uid of the interaction in which the password was given, and
 * the session that it begins is known by that name: a second session of one name is refused, whatever copies of a cookie there are.
 *
 * Where consent is asked next the session is not begun yet: nothing is written before the request is answered, and whoever goes away at the
 * consent page was never signed in. The policy has judged the sign-in by then, with the person in place (`policy/prompts.ts`), and judges it
 * again when the answer is there. What was left open so is good for some minutes, if the account's access has not ended since (`login.ts`).
 */
import { type AdapterPayload, type InteractionResults, type KoaContextWithOIDC, Provider, type Session } from 'oidc-provider'
import type { Lifetime } from './lifetimes.ts'

type Login = NonNullable<InteractionResults['login']>

/** What of an interaction says whether it holds a sign-in. */
type Holding = Pick<AdapterPayload, 'result' | 'lastSubmission' | 'session'>

/** How long a consent page may take after the password. */
const openSeconds = 600

/** That a session began, or ended, by this name is known for longer than a sign-in can be brought back. */
export const rememberedSeconds = openSeconds + 300

/** The sign-ins that requests under way bring back. */
const broughtBack = new WeakMap<KoaContextWithOIDC, string>()

/** Requests that leave theirs open. */
const leftOpen = new WeakSet<KoaContextWithOIDC>()

/** @returns undefined for an interaction that goes on with a session: it needs that very one, whoever shows it */
export function heldSignIn({ result, lastSubmission, session }: Holding): Login | undefined {
  if (session?.uid) return undefined
  return ((result ?? lastSubmission) as InteractionResults | undefined)?.login
}

/** @param uid of the interaction in which it was found */
export const nameOf = (login: Login, uid: string): string => (typeof login.name === 'string' ? login.name : uid)

/** A result of a page, its sign-in named. */
export function named(uid: string, result: InteractionResults): InteractionResults {
  return result.login ? { ...result, login: { ...result.login, name: nameOf(result.login, uid) } } : result
}

/** Rests on `loginAccount`, which the library calls when a sign-in is brought back. */
export function nameSessions({ Session }: Provider): void {
  const prototype = Session.prototype as unknown as { loginAccount(this: Session, details: object): void }
  const { loginAccount } = prototype
  prototype.loginAccount = function (details) {
    const { ctx } = Provider
    const interaction = ctx?.oidc.entities.Interaction
    const login = interaction && heldSignIn(interaction)
    if (login) {
      const name = nameOf(login, interaction.uid)
      broughtBack.set(ctx, name)
      // In another tab somebody signed in meanwhile; theirs goes on.
      if (this.accountId === undefined) this.uid = name
    }
    loginAccount.call(this, details)
  }
}

/** The name of the sign-in that this request brings back. */
export const signInAtHand = (): string | undefined => Provider.ctx && broughtBack.get(Provider.ctx)

export const isLeftOpen = (): boolean => Provider.ctx !== undefined && leftOpen.has(Provider.ctx)

/**
 * Leaves the sign-in of this request open if the interaction that it leads to asks for consent.
 * @param next as the library begins it, in a session that is not there yet
 * @returns the same without that session, and with its end in seconds since the epoch; undefined when there is nothing to leave open
 */
export function leaveOpen<P extends AdapterPayload>(next: P, { idleSeconds, absoluteSeconds }: Lifetime, now: number) {
  const { ctx } = Provider
  const login = (next.lastSubmission as InteractionResults | undefined)?.login
  if (!ctx || !login || next.prompt?.name !== 'consent' || signInAtHand() !== ctx.oidc.session?.uid) return undefined
  leftOpen.add(ctx)
  const since = login.ts ?? now
  const end = since + Math.min(openSeconds, idleSeconds, absoluteSeconds)
  return { ...next, session: undefined, exp: Math.max(now + 1, Math.min(next.exp ?? end, end)) }
}
