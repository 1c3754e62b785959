/** Signing up, put together: the pages of whoever asks, and the page of the link. */
import type { Middleware } from 'koa'
import { createRegistration, type RegistrationParts, type SignUpLink } from '../accounts/registration.ts'
import type { Settings } from '../settings/load.ts'
import type { LandingPage } from './landing.ts'
import { type SignUpLinkParts, signUpLinkPage } from './links/sign-up.ts'
import { type SignUpRouteParts, signUpRoutes } from './routes/sign-up.ts'
import { createSignUpCookies } from './sign-up-cookies.ts'

export interface SignUpParts
  extends Omit<RegistrationParts, 'roles'>,
    Omit<SignUpLinkParts, 'registration' | 'cookies' | 'interactionSeconds'>,
    Omit<SignUpRouteParts, 'registration' | 'cookies' | 'settings'> {
  settings: Pick<Settings, 'registration' | 'lifetimes'>
  signUpCookies: Parameters<typeof createSignUpCookies>[0]
  /** How a link of a letter lands. */
  landed(page: LandingPage<SignUpLink>): Middleware
}

export function signUpPages(parts: SignUpParts): Middleware[] {
  const { settings, signUpCookies, landed, now } = parts
  const { roles } = settings.registration
  const { interactionSeconds } = settings.lifetimes
  const common = {
    ...parts,
    registration: createRegistration({ ...parts, roles }),
    cookies: createSignUpCookies(signUpCookies, now),
  }
  return [
    signUpRoutes({ ...common, settings: settings.registration }).routes() as Middleware,
    landed(signUpLinkPage({ ...common, interactionSeconds })),
  ]
}
