/** The library's cookies and the sealed ones beside them: what they are called, where they go. */
import type { Configuration } from 'oidc-provider'
import type { ProviderParts } from './parts.ts'

/**
 * `__Host-` pins a cookie to this host and to the path `/` (RFC 6265bis s4.1.3.2): no other host of the same domain can set it. It is for what makes this
 * browser somebody's without a word that only they know.
 */
const pinnedName = (development: boolean, name: string): string => (development ? name : `__Host-${name}`)
export const pinnedPath = '/'

/** The short ones have a path of their own, so `__Secure-` is theirs. */
const shortName = (development: boolean, name: string): string => (development ? name : `__Secure-${name}`)

/** What `records/sealed-cookies.ts` keeps: interactions, the sessions of strangers, links and accounts that are asked for, links that are open, proofs that sign somebody in next. */
export const sealedCookieNames = (development: boolean) => ({
  interaction: shortName(development, 'signet_sealed'),
  visit: shortName(development, 'signet_visit'),
  link: shortName(development, 'signet_link'),
  ticket: pinnedName(development, 'signet_ticket'),
  asked: shortName(development, 'signet_asked'),
  signUp: shortName(development, 'signet_sign_up'),
  signedUp: pinnedName(development, 'signet_signed_up'),
})

/** Where the pages of interactions are, and where each is. */
export const interactionsPath = '/interaction'
export const interactionPath = (uid: string): string => `${interactionsPath}/${uid}`

/** The uid that an address or a form says. @returns undefined for what is none; whether there is such a sign-in its own page finds out */
export function interactionIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{21,64}$/.test(value) ? value : undefined
}

export function cookies({ settings: { development }, keptKeys }: ProviderParts): Configuration['cookies'] {
  const common = { httpOnly: true, sameSite: 'lax' as const, secure: !development, signed: true }
  return {
    keys: [keptKeys.cookies],
    names: {
      session: pinnedName(development, 'signet_session'),
      interaction: shortName(development, 'signet_interaction'),
      resume: shortName(development, 'signet_resume'),
    },
    long: { ...common, path: '/' },
    // The uid of an interaction, random: a signature would prove nothing, and be two more cookies for each tab.
    short: { ...common, signed: false },
  }
}
