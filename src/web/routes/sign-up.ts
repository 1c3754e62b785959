/**
 * Where somebody asks for an account. What is answered is the same whether the address has one (`accounts/registration.ts`); a letter says what there is
 * to do.
 */
import Router from '@koa/router'
import type { Context } from 'koa'
import type { Registration, SignUpLink } from '../../accounts/registration.ts'
import type { Refusal } from '../../base/errors.ts'
import { interactionIn, interactionPath } from '../../oauth/cookies.ts'
import { withinRequest } from '../../oauth/records/request.ts'
import type { Pages } from '../../pages/render.ts'
import type { Settings } from '../../settings/load.ts'
import { linkKinds } from '../../tokens/links.ts'
import type { Csrf } from '../csrf.ts'
import { field, readForm } from '../form.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { type SignUpCookies, signUpPath } from '../sign-up-cookies.ts'

export interface SignUpRouteParts {
  registration: Registration
  settings: Settings['registration']
  cookies: SignUpCookies
  pages: Pages
  csrf: Csrf
}

/** The form is nobody's in particular: what it asks for harms nobody, and is limited. */
const about = 'sign-up'
const againPath = `${signUpPath}/again`

export function signUpRoutes({ registration, settings, cookies, pages, csrf }: SignUpRouteParts): Router {
  const router = new Router()
  router.use(withinRequest)
  const { termsUri, policyUri } = settings
  const asksFor = settings.password === 'before' ? 'all' : 'address'

  function ask(ctx: Context, interaction: string | undefined, typed: Typed = {}, fault?: Refusal): void {
    const backHref = interaction && interactionPath(interaction)
    const model = { action: signUpPath, csrf: csrf.tokenFor(about), interaction, backHref, asksFor, termsUri, policyUri } as const
    show(pages, ctx, 'signUp', { ...model, ...typed, error: inWords(fault) }, fault)
  }

  function sent(ctx: Context, { e: email, i }: SignUpLink, fault?: Refusal): void {
    const hours = linkKinds['sign-up'].lifetimeSeconds / 3_600
    const backHref = i && interactionPath(i)
    const oneClick = asksFor === 'all'
    const model = { action: againPath, csrf: csrf.tokenFor(about), email, hours, oneClick, backHref, changeHref: signUpPath }
    show(pages, ctx, 'signUpSent', { ...model, error: inWords(fault) }, fault)
  }

  router.get(signUpPath, (ctx) => ask(ctx, interactionIn(ctx.query.for)))

  router.post(signUpPath, async (ctx) => {
    const form = await readForm(ctx)
    csrf.check(about, form.get('csrf'))
    const email = field(form, 'email')
    const person = asksFor === 'all' ? { name: field(form, 'name'), password: field(form, 'password') } : undefined
    const interaction = interactionIn(form.get('for'))
    const link = await refusalIn(registration.ask({ email, interaction, ...(person && { person }) }, ctx.ip))
    if (link.fault) return ask(ctx, interaction, { email, name: person?.name }, link.fault)
    cookies.keep(link.value)
    sent(ctx, link.value)
  })

  router.get(againPath, (ctx) => seeOther(ctx, signUpPath))
  router.post(againPath, async (ctx) => {
    const form = await readForm(ctx)
    csrf.check(about, form.get('csrf'))
    const link = cookies.latest()
    if (!link) return seeOther(ctx, signUpPath)
    const again = await refusalIn(registration.askAgain(link, ctx.ip))
    if (again.fault) return sent(ctx, link, again.fault)
    cookies.keep(again.value)
    sent(ctx, again.value)
  })
  return router
}

interface Typed {
  email?: string
  name?: string | undefined
}
