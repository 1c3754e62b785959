/** The order of the middleware, and nothing else. oidc-provider is the Koa application; what is ours stands before its router. */
import type { Middleware } from 'koa'
import { createDeviceLimits } from '../accounts/device-limits.ts'
import { createLeakedKeys } from '../accounts/leaked-keys.ts'
import { createRowLimit } from '../accounts/row-limits.ts'
import { systemStopwatch } from '../base/clock.ts'
import { correctAnswers } from '../oauth/answers/corrections.ts'
import { correctMetadata } from '../oauth/answers/metadata.ts'
import { logEvents } from '../oauth/events.ts'
import { listenTo } from '../oauth/listen.ts'
import { logoutDelivery } from '../oauth/logout/delivery.ts'
import { oweInsteadOfSending } from '../oauth/logout/endings.ts'
import { createNotices } from '../oauth/logout/notices.ts'
import { nothingForNull } from '../oauth/policy/cors.ts'
import { createProvider } from '../oauth/provider.ts'
import { createDocuments } from '../oauth/revocations/document.ts'
import { createReaders } from '../oauth/revocations/readers.ts'
import { createWaiting } from '../oauth/revocations/waiting.ts'
import { createSignatures } from '../oauth/signatures.ts'
import { createRefusals } from '../pages/refusals.ts'
import { takesApiKeys } from '../permissions/apis.ts'
import type { App, AppParts } from './app-parts.ts'
import { auditedSignOut } from './audited.ts'
import { deviceGate } from './device/gate.ts'
import { createDoor } from './door.ts'
import { guard } from './guard.ts'
import { createHeaders } from './headers.ts'
import { createObserver, type Tally } from './observer.ts'
import { ownForms } from './own-forms.ts'
import { peoplesPages } from './people.ts'
import { protocolPages } from './protocol-pages.ts'
import { createReadiness } from './readiness.ts'
import { healthRoutes } from './routes/health.ts'
import { leakedKeyRoutes } from './routes/leaked-keys.ts'
import { postedRequest } from './routes/posted-request.ts'
import { revocationRoutes } from './routes/revocations.ts'
import { siteRoutes } from './routes/site.ts'
import { stayingIn } from './sign-out.ts'
import { oneSpelling } from './spelling.ts'

export function createApp(parts: AppParts): App {
  const { settings, store, secrets, now, log } = parts
  const refusals = createRefusals(parts.pages)
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

  const readiness = createReadiness({ store, now })
  const health = healthRoutes(readiness).routes() as Middleware
  const documents = createDocuments({ ...parts, issuer: settings.issuer, signatures })
  const waiting = createWaiting(documents, parts.later, systemStopwatch)
  const readers = settings.revocations.readers === 'authenticated' ? createReaders(parts.clients, now) : undefined
  const site = siteRoutes(parts).routes() as Middleware
  const leakedKeys = createLeakedKeys({ ...parts, ...counting })
  const ours = inOrder([
    guard(refusals, log),
    oneSpelling,
    ownForms(settings.issuer),
    health,
    site,
    revocationRoutes({ documents, waiting, readers, issuer: settings.issuer }).routes() as Middleware,
    ...(takesApiKeys(settings) ? [leakedKeyRoutes({ leakedKeys, log }).routes() as Middleware] : []),
    deviceGate,
    ...peoplesPages({ ...parts, provider, headers, counting }),
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
