/** The order of the middleware, and nothing else. oidc-provider is the Koa application; what is ours stands before its router. */
import type { Middleware } from 'koa'
import { createAttempts } from '../accounts/attempts.ts'
import { createDeviceLimits } from '../accounts/device-limits.ts'
import { createEmailChanges } from '../accounts/email-change.ts'
import { createLetterLimits } from '../accounts/letter-limits.ts'
import { createOwnAccount } from '../accounts/own-account.ts'
import { createRecovery } from '../accounts/recovery.ts'
import { createRowLimit } from '../accounts/row-limits.ts'
import { systemStopwatch } from '../base/clock.ts'
import type { Json } from '../crypto/packed-json.ts'
import { correctAnswers } from '../oauth/answers/corrections.ts'
import { correctMetadata } from '../oauth/answers/metadata.ts'
import { interactionsPath, sealedCookieNames } from '../oauth/cookies.ts'
import { logEvents } from '../oauth/events.ts'
import { listenTo } from '../oauth/listen.ts'
import { logoutDelivery } from '../oauth/logout/delivery.ts'
import { oweInsteadOfSending } from '../oauth/logout/endings.ts'
import { createNotices } from '../oauth/logout/notices.ts'
import { nothingForNull } from '../oauth/policy/cors.ts'
import { createProvider } from '../oauth/provider.ts'
import { createSealedCookie } from '../oauth/records/sealed-cookies.ts'
import { createDocuments } from '../oauth/revocations/document.ts'
import { createWaiting } from '../oauth/revocations/waiting.ts'
import { createSignatures } from '../oauth/signatures.ts'
import { createRefusals } from '../pages/refusals.ts'
import { createWayBack } from './account/way-back.ts'
import type { App, AppParts } from './app-parts.ts'
import { auditedSignOut } from './audited.ts'
import { createCsrf } from './csrf.ts'
import { deviceGate } from './device/gate.ts'
import { createDoor } from './door.ts'
import { guard } from './guard.ts'
import { createHeaders } from './headers.ts'
import { signInLanding } from './interaction/landed-sign-in.ts'
import { createLinkSignIns } from './interaction/sign-in-link.ts'
import { createSomebodyElse } from './interaction/somebody-else.ts'
import type { InteractionParts } from './interaction/step.ts'
import { createKnownDevices } from './known-devices.ts'
import { type LandingPage, landing } from './landing.ts'
import { emailChangePage } from './links/email-change.ts'
import { emailUndoPage } from './links/email-undo.ts'
import { recoveryLinkPage } from './links/recovery.ts'
import { createObserver, type Tally } from './observer.ts'
import { ownForms } from './own-forms.ts'
import { protocolPages } from './protocol-pages.ts'
import { createReadiness } from './readiness.ts'
import { accountRoutes } from './routes/account.ts'
import { healthRoutes } from './routes/health.ts'
import { interactionRoutes } from './routes/interaction.ts'
import { postedRequest } from './routes/posted-request.ts'
import { recoveryRoutes } from './routes/recovery.ts'
import { revocationRoutes } from './routes/revocations.ts'
import { siteRoutes } from './routes/site.ts'
import { createSaid } from './said.ts'
import { stayingIn } from './sign-out.ts'
import { signUpPages } from './sign-up.ts'
import { oneSpelling } from './spelling.ts'
import { createTickets } from './tickets.ts'

export function createApp(parts: AppParts): App {
  const { settings, pages, store, secrets, now, log } = parts
  const refusals = createRefusals(pages)
  const headers = createHeaders({ development: settings.development, logo: settings.theme.logo })
  // With a new secret counting begins anew, once: each counter's window is minutes.
  const counting = { counters: store.counters, key: secrets.keysFor('attempts')[0], now }
  const deviceLimits = createDeviceLimits({ ...counting, limits: settings.devices })
  const signatures = createSignatures({ ring: parts.ring, signers: parts.signers, now, log })
  const { provider, questions } = createProvider({
    ...parts,
    signatures,
    deviceLimits,
    pushLimit: createRowLimit('pushed-request', { ...counting, limits: settings.pushedRequests }),
    longRequestLimit: createRowLimit('long-request', { ...counting, limits: settings.longRequests }),
    pages: protocolPages({ ...parts, refusals, headers }),
  })
  const deliver = logoutDelivery(provider, parts.notifying)
  const notices = createNotices({ store: store.notices, owner: parts.owner, deliver, later: parts.later, now, log })
  oweInsteadOfSending(provider, notices)
  correctAnswers(provider)
  logEvents(provider, log)

  const csrf = createCsrf(...secrets.keysFor('csrf'))
  const attempts = createAttempts({ ...counting, limits: settings.signIn })
  const names = sealedCookieNames(settings.development)
  const kept = (name: string) => createSealedCookie({ name, secrets, development: settings.development, now })
  const tickets = createTickets(kept(names.ticket), now)
  const devices = createKnownDevices({ secrets, development: settings.development, now })
  const said = createSaid(interactionsPath, settings)
  const credentials = { ...parts, issuer: settings.issuer }
  const recovery = createRecovery({ ...credentials, attempts })
  const emails = createEmailChanges(credentials)
  const somebodyElse = createSomebodyElse({ ...parts, provider })
  const readiness = createReadiness({ store, now })
  const health = healthRoutes(readiness).routes() as Middleware
  const documents = createDocuments({ ...parts, issuer: settings.issuer, signatures })
  const waiting = createWaiting(documents, parts.later)
  const site = siteRoutes(parts).routes() as Middleware
  const letterLimits = createLetterLimits({ ...counting, limits: settings.letters })
  const linkSignIns = createLinkSignIns({ ...parts, limits: letterLimits }, kept(names.asked))
  const interactions: InteractionParts = {
    provider,
    accounts: parts.accounts,
    audit: parts.audit,
    auditSignIns: settings.audit.signIns,
    attempts,
    tickets,
    said,
    apis: parts.apis,
    issuer: settings.issuer,
    signIn: settings.signIn,
    linkSignIns,
    offersSignUp: settings.registration.open && parts.mailer.delivers,
    somebodyElse,
    devices,
    mailer: parts.mailer,
    pages,
    csrf,
    headers,
    now,
    log,
  }
  const accountParts = {
    provider,
    issuer: settings.issuer,
    accounts: parts.accounts,
    own: createOwnAccount(credentials),
    attempts,
    tickets,
    devices,
    pages,
    csrf,
    said: createSaid('/account', settings),
    emails,
    letterLimits,
    mailer: parts.mailer,
    wayBack: createWayBack('/account/email', settings),
    now,
  }
  const landed = <T extends Json>(page: LandingPage<T>) =>
    landing({ links: parts.links, cookie: kept(names.link), csrf, now }, page)
  const ours = inOrder([
    guard(refusals, log),
    oneSpelling,
    ownForms(settings.issuer),
    health,
    site,
    revocationRoutes({ documents, waiting }).routes() as Middleware,
    deviceGate,
    accountRoutes(accountParts).routes() as Middleware,
    interactionRoutes(interactions).routes() as Middleware,
    ...(linkSignIns ? [landed(signInLanding(interactions, linkSignIns))] : []),
    recoveryRoutes({ recovery, letterLimits, mailer: parts.mailer, pages, csrf }).routes() as Middleware,
    ...(interactions.offersSignUp
      ? signUpPages({
          ...interactions,
          ...credentials,
          limits: letterLimits,
          signUpCookies: { latest: kept(names.signUp), asked: kept(names.signedUp) },
          landed,
        })
      : []),
    landed(emailChangePage(accountParts)),
    landed(emailUndoPage(accountParts)),
    landed(recoveryLinkPage({ recovery, devices, issuer: settings.issuer, pages, said })),
    stayingIn(parts),
    auditedSignOut(parts),
    postedRequest,
    correctMetadata,
    questions,
  ])
  const lines: Tally[] = settings.log.requests ? [{ answered: (one) => log.info('request', { ...one }) }] : []
  const observer = createObserver([...lines, ...parts.tallies], systemStopwatch)
  if (observer) provider.use(observer.noteClient)
  for (const { granted } of parts.tallies)
    if (granted) listenTo(provider)('grant.success', (ctx) => granted(ctx.oidc.params?.grant_type))
  provider.use((ctx, next) => {
    // The token endpoint is the library's alone, its errors too: passing ours on the way would cost a twentieth of its rate.
    const answer = () => (ctx.path === '/token' && ctx.method === 'POST' ? next() : ours(ctx, next))
    return ctx.get('Origin') === 'null' ? nothingForNull(ctx, answer) : answer()
  })
  const doorOptions = {
    ...settings,
    observe: observer?.observe,
    headers,
    certificateHeaders: Object.values(settings.mutualTls ?? {}),
  }
  return { handler: createDoor(doorOptions, provider.callback()), notices, readiness, signatures, waiting }
}

/** Each is given the rest as its `next`. */
function inOrder(steps: Middleware[]): Middleware {
  return (ctx, next) => steps.reduceRight<() => Promise<unknown>>((rest, step) => async () => step(ctx, rest), next)()
}
