/**
 * The pages between an authorization request and its answer: sign in, consent, cancel, switch account. A page never leads to another step by
 * itself: it ends in the interaction's result, and the policy (`oauth/policy/prompts.ts`) decides what comes next.
 */
import Router from '@koa/router'
import type { Context } from 'koa'
import { countedFrom } from '../../accounts/credentials.ts'
import { Refusal } from '../../base/errors.ts'
import { ownPages, signInFor } from '../../oauth/clients/own-client.ts'
import { askedPermissions } from '../../oauth/consent/asked.ts'
import { grantConsent } from '../../oauth/consent/consent.ts'
import { withinRequest } from '../../oauth/records/request.ts'
import { field, readForm } from '../form.ts'
import { beginSession } from '../interaction/begin-session.ts'
import { consentRequest, isWhatWasShown, showConsent } from '../interaction/consent.ts'
import { showSelectAccount } from '../interaction/select-account.ts'
import { showSignIn, trySignIn } from '../interaction/sign-in.ts'
import { sendLink } from '../interaction/sign-in-link.ts'
import { about, by, finish, type InteractionParts, leave, pathOf, type Step, stepOf, whoAsks } from '../interaction/step.ts'
import { signedInByTicket } from '../interaction/ticket.ts'
import { seeOther } from '../see-other.ts'

/** By the policy's prompt. */
const pageOf: Record<string, (parts: InteractionParts, ctx: Context, step: Step) => Promise<void>> = {
  login: showSignIn,
  select_account: showSelectAccount,
  consent: showConsent,
}

export function interactionRoutes(parts: InteractionParts): Router {
  const { provider, audit, accounts, attempts, apis, csrf, now, log } = parts
  const router = new Router({ prefix: '/interaction/:uid' })
  router.use(withinRequest)

  router.get('/', async (ctx) => {
    const step = await stepOf(provider, ctx)
    if (await signedInByTicket(parts, ctx, step)) return
    const page = pageOf[step.interaction.prompt.name]
    if (!page) throw new TypeError(`no page for the prompt ${step.interaction.prompt.name}`)
    await page(parts, ctx, step)
  })

  router.get('/again', async (ctx) => {
    const step = await stepOf(provider, ctx).catch((cause) => {
      if (!(cause instanceof Refusal)) throw cause
    })
    seeOther(ctx, step ? pathOf(step) : signInFor(parts.issuer, ownPages.account))
  })

  router.post('/sign-in', async (ctx) => {
    const { step, form } = await posted(ctx, 'login')
    const email = field(form, 'email')
    const givenAt = now()
    const device = await nameOfDevice(ctx, email)
    const account = await trySignIn({ accounts, attempts }, { email, address: ctx.ip, device }, field(form, 'password'))
    if ('error' in account) {
      log.info('sign_in.refused', { ...whoAsks(ctx, step), reason: account.error.code })
      return showSignIn(parts, ctx, step, { email, ...account })
    }
    const provenAt = countedFrom(givenAt, account.accessEndedAt)
    await beginSession(parts, ctx, step, account, { amr: ['pwd'], acrs: parts.signIn.acrValues, provenAt })
  })

  router.post('/link', async (ctx) => {
    const { step, form } = await posted(ctx, 'login')
    await sendLink(parts, ctx, step, field(form, 'email'))
  })

  router.post('/select-account', async (ctx) => {
    await posted(ctx, 'select_account')
    await finish(provider, ctx, { select_account: {} }, true)
  })

  router.post('/consent', async (ctx) => {
    const { step, form } = await posted(ctx, 'consent')
    const decision = field(form, 'decision')
    if (decision === 'deny') return finish(provider, ctx, denied)
    if (decision !== 'allow') throw new Refusal('invalid_request', 'The decision is "allow" or "deny".')
    const { request, account } = await consentRequest(parts, step)
    if (!isWhatWasShown(parts, step, request, form.get('shown'))) return showConsent(parts, ctx, step, true)
    const ticked = new Set(form.getAll('scope'))
    const consent = await grantConsent(provider, apis, request, account.id, ticked)
    const allowed = askedPermissions(apis, request).filter(({ required, value }) => required || ticked.has(value))
    const detail = { permissions: allowed.map(({ name }) => name) }
    await audit.record('consent.granted', { ...by(ctx, step, account.id), detail })
    await finish(provider, ctx, { consent }, true)
  })

  router.post('/cancel', async (ctx) => {
    await posted(ctx)
    await finish(provider, ctx, denied)
  })

  router.post('/switch', async (ctx) => {
    const { step } = await posted(ctx)
    const account = await leave(provider, ctx, step)
    if (account !== undefined) await audit.record('session.ended', { ...by(ctx, step, account), detail: { by: 'switch' } })
  })

  /** Where somebody has signed in before, strangers who guess elsewhere do not use up their attempts. */
  async function nameOfDevice(ctx: Context, email: string): Promise<string | undefined> {
    const account = await accounts.findByEmail(email)
    return account && parts.devices.nameFor(ctx, account)
  }

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
