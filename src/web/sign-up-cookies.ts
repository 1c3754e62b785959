/**
 * What the browser knows in which somebody asked for an account: the registration, to have its letter sent once more, and at the page of the link
 * the names of those that were asked for here. There one click is enough, since whoever chose the password was at this browser. So those are pinned to
 * this host: another host of the same domain could say it of a stranger's.
 */
import type { SignUpLink } from '../accounts/registration.ts'
import type { Clock } from '../base/clock.ts'
import { pinnedPath } from '../oauth/cookies.ts'
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
const { lifetimeSeconds } = linkKinds['sign-up']
/** Whoever mistypes an address asks anew; the link of one that is pushed out asks for the password. */
const most = 8

/** @param latest the registration, @param asked the names */
export function createSignUpCookies({ latest, asked }: Record<'latest' | 'asked', SealedCookie>, now: Clock): SignUpCookies {
  const names = () => (asked.read('signed-up')?.names ?? []) as string[]
  return {
    keep(link) {
      const exp = now() + lifetimeSeconds
      latest.keep('sign-up', { link, exp }, signUpPath)
      asked.keep('signed-up', { names: [link.r, ...names()].slice(0, most), exp }, pinnedPath)
    },
    latest: () => latest.read('sign-up')?.link as SignUpLink | undefined,
    askedHere: ({ r }) => names().includes(r),
  }
}
