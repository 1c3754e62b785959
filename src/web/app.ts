/** The order of the middleware, and nothing else. oidc-provider is the Koa application; what is ours stands before its router. */
import type { Middleware } from 'koa'
import type { Accounts } from '../accounts/account.ts'
import { createAttempts } from '../accounts/attempts.ts'
import { createDeviceLimits } from '../accounts/device-limits.ts'
import { createPushLimits } from '../accounts/push-limits.ts'
import type { Later } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { deriveKey } from '../crypto/derive.ts'
import { correctAnswers } from '../oauth/answers/corrections.ts'
import { correctMetadata } from '../oauth/answers/metadata.ts'
import { logEvents } from '../oauth/events.ts'
import { logoutDelivery } from '../oauth/logout/delivery.ts'
import { oweInsteadOfSending } from '../oauth/logout/endings.ts'
import { createNotices, type Notices } from '../oauth/logout/notices.ts'
import type { ProviderPages, ProviderParts } from '../oauth/parts.ts'
import { nothingForNull } from '../oauth/policy/cors.ts'
import { createProvider } from '../oauth/provider.ts'
import type { GuardedFetch } from '../outgoing/fetch.ts'
import { createRefusals, type Refusals } from '../pages/refusals.ts'
import type { Pages } from '../pages/render.ts'
import { checkOrigin, createCsrf } from './csrf.ts'
import { deviceGate } from './device/gate.ts'
import { devicePages } from './device/pages.ts'
import { createDoor, type Handler } from './door.ts'
import { createHeaders, type Headers } from './headers.ts'
import { interactionRoutes } from './routes/interaction.ts'
import { postedRequest } from './routes/posted-request.ts'
import { siteRoutes } from './routes/site.ts'
import { signOutPages, stayingIn } from './sign-out.ts'
import { oneSpelling } from './spelling.ts'

export interface AppParts extends Omit<ProviderParts, 'pages' | 'deviceLimits' | 'pushLimits'> {
  accounts: Accounts
  pages: Pages
  log: Log
  later: Later
  /** How clients are told of a logout. */
  notifying: GuardedFetch
}

export interface App {
  handler: Handler
  /** What clients are still to be told, begun and ended by whoever runs the app. */
  notices: Notices
}

export function createApp(parts: AppParts): App {
  const { settings, pages, store, masterSecret, now, log } = parts
  const refusals = createRefusals(pages)
  const headers = createHeaders({ development: settings.development, logo: settings.theme.logo })
  const counting = { counters: store.counters, key: deriveKey(masterSecret, 'attempts'), now }
  const deviceLimits = createDeviceLimits({ ...counting, limits: settings.devices })
  const pushLimits = createPushLimits({ ...counting, limits: settings.pushedRequests })
  const { provider, questions } = createProvider({
    ...parts,
    deviceLimits,
    pushLimits,
    pages: protocolPages(parts, refusals, headers),
  })
  const deliver = logoutDelivery(provider, parts.notifying)
  const notices = createNotices({ store: store.notices, deliver, later: parts.later, now, log })
  oweInsteadOfSending(provider, notices)
  correctAnswers(provider)
  logEvents(provider, log)

  const csrf = createCsrf(deriveKey(masterSecret, 'csrf'))
  const attempts = createAttempts({ ...counting, limits: settings.signIn })
  const guarded = guard(refusals, log)
  const checked = ownForms(settings.issuer)
  const site = siteRoutes({ settings, pages, ring: parts.ring }).routes() as Middleware
  const interaction = interactionRoutes({
    provider,
    accounts: parts.accounts,
    attempts,
    apis: parts.apis,
    acrValues: settings.signIn.acrValues,
    pages,
    csrf,
    headers,
    now,
    log,
  }).routes() as Middleware
  const staying = stayingIn(parts)
  // The token endpoint is the library's alone, its errors too: passing ours on the way would cost a twentieth of its rate.
  provider.use((ctx, next) => {
    const answer = () => {
      if (ctx.path === '/token' && ctx.method === 'POST') return next()
      return guarded(ctx, () =>
        oneSpelling(ctx, () =>
          checked(ctx, () =>
            site(ctx, () =>
              deviceGate(ctx, () =>
                interaction(ctx, () =>
                  staying(ctx, () => postedRequest(ctx, () => correctMetadata(ctx, () => questions(ctx, next)))),
                ),
              ),
            ),
          ),
        ),
      )
    }
    return ctx.get('Origin') === 'null' ? nothingForNull(ctx, answer) : answer()
  })
  const doorOptions = { ...settings, headers, certificateHeaders: Object.values(settings.mutualTls ?? {}) }
  return { handler: createDoor(doorOptions, provider.callback()), notices }
}

/** Whatever is thrown below becomes an answer here: a refusal is said, anything else is logged and nothing of it shown. */
function guard(refusals: Refusals, log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) throw new Refusal('not_found', 'There is nothing here.', { status: 404 })
    } catch (thrown) {
      const no = speakable(thrown)
      if (no instanceof Refusal)
        log.info('refused', { request: ctx.get('x-request-id'), path: shortened(ctx.path), reason: no.code, ...no.detail })
      else log.error('server_error', { request: ctx.get('x-request-id'), path: shortened(ctx.path), error: thrown })
      const as = ctx.accepts('json', 'html') === 'html' ? 'html' : 'json'
      const answer = refusals.answer(no, { as, requestId: ctx.get('x-request-id') })
      ctx.status = answer.status
      ctx.type = answer.type
      ctx.set(answer.headers)
      ctx.body = answer.body
    }
  }
}

/** A token that somebody put into the path by mistake stays out of the log. */
const shortened = (path: string) => path.replace(/[^/]{20,}/g, '…')

/** The library's own refusals, thrown from one of our routes, carry what may be said. */
function speakable(thrown: unknown): unknown {
  if (thrown instanceof Refusal) return thrown
  // A store that could not answer, as it was before the library's adapter said so (`oauth/records/unavailable.ts`).
  if (thrown instanceof Error && thrown.cause instanceof Refusal) return thrown.cause
  const { expose, status, error, error_description: description } = (thrown ?? {}) as Record<string, unknown>
  if (expose !== true || typeof error !== 'string') return thrown
  return new Refusal(error, typeof description === 'string' ? description : 'The request was refused.', {
    status: typeof status === 'number' ? status : 400,
  })
}

/** What clients post to, from wherever they are. Every other form is ours. */
const clientEndpoints = new Set([
  '/token',
  '/par',
  '/introspection',
  '/revocation',
  '/userinfo',
  '/auth',
  '/device/auth',
  '/session/end',
])

function ownForms(issuer: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method === 'POST' && !clientEndpoints.has(ctx.path)) checkOrigin(ctx.headers, issuer)
    await next()
  }
}

function protocolPages({ pages, accounts, log }: AppParts, refusals: Refusals, headers: Headers): ProviderPages {
  return {
    ...signOutPages({ pages, accounts }),
    device: devicePages({ pages, refusals, headers, log }),
    error(ctx, out) {
      // RFC 6749 s5.2: these say no in JSON, whatever the request would rather read.
      if (forPrograms.has(ctx.oidc.route)) {
        ctx.body = out
        return
      }
      const as = ctx.accepts('json', 'html') === 'html' ? 'html' : 'json'
      const answer = refusals.answer({ ...out, status: ctx.status }, { as, requestId: ctx.get('x-request-id') })
      ctx.type = answer.type
      ctx.set(answer.headers)
      ctx.body = answer.body
    },
  }
}

/** The library's names of the routes that no person ever looks at. */
const forPrograms = new Set([
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
])
