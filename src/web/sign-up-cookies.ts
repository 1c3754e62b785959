/**
 * What the browser knows in which somebody asked for an account: the registration, to have its letter sent once more, and at the page of the link
 * the names of those that were asked for here. There one click is enough, since whoever chose the password was at this browser.
 */
import type { SignUpLink } from '../accounts/registration.ts'
import type { Clock } from '../base/clock.ts'
import type { SealedCookie } from '../oauth/records/sealed-cookies.ts'
import { linkKinds } from '../tokens/links.ts'

/** Within a request. */
export interface SignUpCookies {
  /** At the sign-up page. */
  keep(link: SignUpLink): void
  /** At the sign-up page: the latest. */
  latest(): SignUpLink | undefined
  /** At the page of a link. */
  askedHere(link: SignUpLink): boolean
}

export const signUpPath = '/sign-up'
const { path: linkPath, lifetimeSeconds } = linkKinds['sign-up']
/** Whoever mistypes an address asks anew; the link of one that is pushed out asks for the password. */
const most = 8

export function createSignUpCookies(cookie: SealedCookie, now: Clock): SignUpCookies {
  const read = () => cookie.read('sign-up') as { link: SignUpLink; names: string[] } | undefined
  return {
    keep(link) {
      const names = [link.r, ...(read()?.names ?? []).filter((name) => name !== link.r)].slice(0, most)
      const exp = now() + lifetimeSeconds
      cookie.keep('sign-up', { link, names, exp }, signUpPath)
      cookie.keep('signed-up', { names, exp }, linkPath)
    },
    latest: () => read()?.link,
    askedHere: ({ r }) => ((cookie.read('signed-up')?.names ?? []) as string[]).includes(r),
  }
}
