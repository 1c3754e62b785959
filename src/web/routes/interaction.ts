/**
 * The pages between an authorization request and its answer: sign in, consent, cancel, switch account. A page never leads to another step by
 * itself: it ends in the interaction's result, and the policy (`oauth/policy.ts`) decides what comes next.
 */
import Router from '@koa/router'
import type { Context } from 'koa'
import type { InteractionResults, Provider } from 'oidc-provider'
import type { Accounts } from '../../accounts/account.ts'
import type { Attempts } from '../../accounts/attempts.ts'
import { Refusal } from '../../base/errors.ts'
import { askedPermissions, type ConsentRequest, grantConsent, type Interaction } from '../../oauth/consent.ts'
import type { OurClient } from '../../oauth/policy.ts'
import { passwordAcr } from '../../oauth/provider.ts'
import type { Pages } from '../../pages/render.ts'
import type { Apis } from '../../permissions/apis.ts'
import { staysOnDevice } from '../../settings/uri.ts'
import type { Account } from '../../store/store.ts'
import type { Csrf } from '../csrf.ts'
import { field, readForm } from '../form.ts'
import type { Headers } from '../headers.ts'

export interface InteractionParts {
  provider: Provider
  accounts: Accounts
  attempts: Attempts
  apis: Apis
  pages: Pages
  csrf: Csrf
  headers: Headers
}

export function interactionRoutes(parts: InteractionParts): Router {
  const { provider, accounts, attempts, apis, csrf } = parts
  const router = new Router({ prefix: '/interaction/:uid' })

  router.get('/', async (ctx) => {
    const step = await stepOf(provider, ctx)
    if (step.interaction.prompt.name === 'login') return showSignIn(parts, ctx, step)
    await showConsent(parts, ctx, step)
  })

  router.post('/sign-in', async (ctx) => {
    const { step, form } = await posted(ctx, 'login')
    const email = field(form, 'email')
    const account = await trySignIn({ accounts, attempts }, email, field(form, 'password'), ctx.ip)
    if ('error' in account) return showSignIn(parts, ctx, step, { email, ...account })
    await finish(provider, ctx, { login: { accountId: account.id, acr: passwordAcr, amr: ['pwd'], remember: true } })
  })

  router.post('/consent', async (ctx) => {
    const { step, form } = await posted(ctx, 'consent')
    const decision = field(form, 'decision')
    if (decision === 'deny') return finish(provider, ctx, denied)
    if (decision !== 'allow') throw new Refusal('invalid_request', 'The decision is "allow" or "deny".')
    const { request, account } = await consentRequest(parts, step)
    const grantId = await grantConsent(provider, apis, request, account.id, new Set(form.getAll('scope')))
    await finish(provider, ctx, { consent: { grantId } }, true)
  })

  router.post('/cancel', async (ctx) => {
    await posted(ctx)
    await finish(provider, ctx, denied)
  })

  // Whoever switches leaves: the session ends, and the request starts again with nobody signed in.
  router.post('/switch', async (ctx) => {
    const { step } = await posted(ctx, 'consent')
    const session = await provider.Session.get(ctx as never)
    await session.destroy()
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(step.interaction.params)) {
      for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one))
    }
    seeOther(ctx, `/auth?${query}`)
  })

  async function posted(ctx: Context, prompt?: string): Promise<{ step: Step; form: URLSearchParams }> {
    const step = await stepOf(provider, ctx)
    const form = await readForm(ctx)
    csrf.check(about(step), form.get('csrf'))
    if (prompt && step.interaction.prompt.name !== prompt)
      throw new Refusal('invalid_request', 'This sign-in has moved on. Please go back to the app.')
    return { step, form }
  }
  return router
}

const denied = { error: 'access_denied', error_description: 'The person refused the request' }

interface Step {
  interaction: Interaction
  client: OurClient
}

const about = ({ interaction }: Step) => `interaction/${interaction.uid}`
const pathOf = ({ interaction }: Step) => `/interaction/${interaction.uid}`

/** The interaction that this browser's cookie names. @throws errors.SessionNotFound without one; Refusal when the address names another */
async function stepOf(provider: Provider, ctx: Context): Promise<Step> {
  const interaction = await provider.interactionDetails(ctx.req, ctx.res)
  if (interaction.uid !== ctx.params.uid) throw new Refusal('invalid_request', 'This page belongs to another sign-in.')
  const client = await provider.Client.find(String(interaction.params.client_id))
  if (!client) throw new Refusal('invalid_client', 'The app that asked is no longer registered.')
  return { interaction, client: client as OurClient }
}

async function finish(provider: Provider, ctx: Context, result: InteractionResults, merge = false): Promise<void> {
  forgetStep(provider, ctx)
  seeOther(ctx, await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: merge }))
}

/** Each step has a cookie of its own; left behind, they pile up to the browser's limit for the host. */
function forgetStep(provider: Provider, ctx: Context): void {
  const name = provider.cookieName('interaction')
  ctx.cookies.set(name, null, { path: `/interaction/${ctx.params.uid}` })
}

/** 303, so that no browser posts a password a second time to wherever the redirect leads (RFC 9700 s4.12). */
function seeOther(ctx: Context, location: string): void {
  ctx.status = 303
  ctx.redirect(location)
}

interface SignInFault {
  error: { code: string; sentence: string }
  status: number
  retryAfterSeconds?: number
}

async function trySignIn(
  { accounts, attempts }: { accounts: Accounts; attempts: Attempts },
  email: string,
  password: string,
  address: string,
): Promise<Account | SignInFault> {
  try {
    await attempts.begin(email, address)
    const account = await accounts.authenticate(email, password)
    if (!account)
      return { error: { code: 'wrong_credentials', sentence: 'The e-mail address or the password is wrong.' }, status: 422 }
    await attempts.succeeded(email, address)
    return account
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return {
      error: { code: cause.code, sentence: cause.message },
      status: cause.status,
      retryAfterSeconds: cause.retryAfterSeconds,
    }
  }
}

const appOf = (client: OurClient) => ({
  name: client.clientName ?? client.clientId,
  logo: client.logoUri,
  verified: client.verified,
})

async function showSignIn(
  parts: InteractionParts,
  ctx: Context,
  step: Step,
  fault?: SignInFault & { email: string },
): Promise<void> {
  const { pages, csrf, accounts } = parts
  const { params, session } = step.interaction
  const present = session?.accountId ? await accounts.findActive(session.accountId) : undefined
  if (fault?.retryAfterSeconds) ctx.set('Retry-After', String(fault.retryAfterSeconds))
  show(parts, ctx, fault?.status ?? 200, step.client)
  ctx.body = pages.render('signIn', {
    action: `${pathOf(step)}/sign-in`,
    abortAction: `${pathOf(step)}/cancel`,
    csrf: csrf.tokenFor(about(step)),
    client: appOf(step.client),
    loginHint: typeof params.login_hint === 'string' ? params.login_hint : undefined,
    email: fault?.email,
    switchFrom: present?.email,
    error: fault?.error,
  })
}

async function showConsent(parts: InteractionParts, ctx: Context, step: Step): Promise<void> {
  const { request, account } = await consentRequest(parts, step)
  const { client } = step
  const redirectUri = new URL(String(step.interaction.params.redirect_uri))
  show(parts, ctx, 200, client)
  ctx.body = parts.pages.render('consent', {
    action: `${pathOf(step)}/consent`,
    switchAction: `${pathOf(step)}/switch`,
    csrf: parts.csrf.tokenFor(about(step)),
    client: { ...appOf(client), policyUri: client.policyUri, tosUri: client.tosUri },
    account: { name: account.name, email: account.email },
    permissions: askedPermissions(parts.apis, request).map(({ scope, value, api, sentence, required, granted }) => ({
      name: scope,
      value,
      api: api?.name,
      sentence,
      required,
      isNew: request.grant !== undefined && !granted,
    })),
    redirectHost: redirectUri.host || redirectUri.protocol,
    loopback: (client.redirectUris ?? []).every(staysOnDevice),
  })
}

async function consentRequest(
  { provider, accounts }: InteractionParts,
  { interaction, client }: Step,
): Promise<{ request: ConsentRequest; account: Account }> {
  const account = await accounts.findActive(interaction.session?.accountId ?? '')
  if (!account)
    throw new Refusal('access_denied', 'Nobody is signed in here any more. Please go back to the app.', { status: 403 })
  const grant = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined
  return { request: { interaction, client, roles: account.roles, grant }, account }
}

function show({ headers }: InteractionParts, ctx: Context, status: number, client: OurClient): void {
  ctx.status = status
  ctx.type = 'html'
  ctx.set('Content-Security-Policy', headers.policyShowing(client.logoUri))
}
