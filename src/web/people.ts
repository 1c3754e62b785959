/** What people see of this server, put together: signing in and up, what letters lead to, their own account. */
import type { Middleware } from 'koa'
import type { Provider } from 'oidc-provider'
import { createAttempts } from '../accounts/attempts.ts'
import { createEmailChanges } from '../accounts/email-change.ts'
import { createLetterLimits } from '../accounts/letter-limits.ts'
import { createLimiter } from '../accounts/limiter.ts'
import { createOwnAccount } from '../accounts/own-account.ts'
import { createRecovery } from '../accounts/recovery.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../crypto/packed-json.ts'
import { ownPages } from '../oauth/clients/own-client.ts'
import { interactionsPath, sealedCookieNames } from '../oauth/cookies.ts'
import { createSealedCookie } from '../oauth/records/sealed-cookies.ts'
import type { CounterStore } from '../store/store.ts'
import { newKeysSeconds } from './account/new-key.ts'
import { createWayBack } from './account/way-back.ts'
import type { AppParts } from './app-parts.ts'
import { createCsrf } from './csrf.ts'
import type { Headers } from './headers.ts'
import { signInLanding } from './interaction/landed-sign-in.ts'
import { createLinkSignIns } from './interaction/sign-in-link.ts'
import { createSomebodyElse } from './interaction/somebody-else.ts'
import type { InteractionParts } from './interaction/step.ts'
import { createKnownDevices } from './known-devices.ts'
import { type LandingPage, landing } from './landing.ts'
import { emailChangePage } from './links/email-change.ts'
import { emailUndoPage } from './links/email-undo.ts'
import { recoveryLinkPage } from './links/recovery.ts'
import { accountRoutes } from './routes/account.ts'
import { interactionRoutes } from './routes/interaction.ts'
import { recoveryRoutes } from './routes/recovery.ts'
import { createSaid } from './said.ts'
import { signUpPages } from './sign-up.ts'
import { createTickets } from './tickets.ts'

export interface PeopleParts extends AppParts {
  provider: Provider
  headers: Headers
  /** What is counted by a key, of whatever limit. */
  counting: { counters: CounterStore; key: Buffer; now: Clock }
}

/** @returns in the order in which they are asked; each is given the rest as its `next` */
export function peoplesPages(parts: PeopleParts): Middleware[] {
  const { settings, provider, counting, secrets, mailer, pages, now } = parts
  const { issuer, development } = settings
  const kept = (name: string) => createSealedCookie({ name, secrets, development, now })
  const names = sealedCookieNames(development)
  const credentials = { ...parts, issuer }
  const attempts = createAttempts({ ...counting, limits: settings.signIn })
  const letterLimits = createLetterLimits({ ...counting, limits: settings.letters })
  const common = {
    provider,
    issuer,
    accounts: parts.accounts,
    attempts,
    tickets: createTickets(kept(names.ticket), now),
    devices: createKnownDevices({ secrets, development, now }),
    mailer,
    pages,
    csrf: createCsrf(...secrets.keysFor('csrf')),
    now,
  }
  const said = createSaid(interactionsPath, settings)
  const linkSignIns = createLinkSignIns({ ...parts, limits: letterLimits }, kept(names.asked))
  const interactions: InteractionParts = {
    ...common,
    audit: parts.audit,
    auditSignIns: settings.audit.signIns,
    said,
    apis: parts.apis,
    signIn: settings.signIn,
    linkSignIns,
    offersSignUp: settings.registration.open && mailer.delivers,
    somebodyElse: createSomebodyElse(parts),
    headers: parts.headers,
    log: parts.log,
  }
  const account = {
    ...common,
    own: createOwnAccount(credentials),
    said: createSaid(ownPages.account, settings),
    emails: createEmailChanges(credentials),
    letterLimits,
    wayBack: createWayBack(ownPages.email, settings),
    apiKeys: parts.apiKeys,
    apis: parts.apis,
    declaredApis: settings.apis,
    mostKeys: settings.apiKeys.mostPerPerson,
    longestKeyDays: settings.apiKeys.longestDays,
    newKeys: createLimiter({ ...counting, windowSeconds: newKeysSeconds }),
  }
  const recovery = createRecovery({ ...credentials, attempts })
  const landed = <T extends Json>(page: LandingPage<T>) =>
    landing({ links: parts.links, cookie: kept(names.link), csrf: common.csrf, now }, page)

  return [
    accountRoutes(account).routes() as Middleware,
    interactionRoutes(interactions).routes() as Middleware,
    ...(linkSignIns ? [landed(signInLanding(interactions, linkSignIns))] : []),
    recoveryRoutes({ ...common, recovery, letterLimits }).routes() as Middleware,
    ...(interactions.offersSignUp
      ? signUpPages({
          ...interactions,
          ...credentials,
          limits: letterLimits,
          signUpCookies: { latest: kept(names.signUp), asked: kept(names.signedUp) },
          landed,
        })
      : []),
    landed(emailChangePage(account)),
    landed(emailUndoPage(account)),
    landed(recoveryLinkPage({ ...common, recovery, apiKeys: parts.apiKeys, said })),
  ]
}
