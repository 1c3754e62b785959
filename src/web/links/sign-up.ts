/**
 * The page of a sign-up link. In the browser that asked, one click makes the account. In any other the password is asked for that was chosen, so that
 * nobody plants an account with a password of their own on somebody else's address: its owner, who clicks, does not know it, and begins anew.
 * Where the password is chosen after the proof, it is chosen here.
 */
import type { Context } from 'koa'
import type { Person, Registration, SignUpLink } from '../../accounts/registration.ts'
import type { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import type { Pages } from '../../pages/render.ts'
import { from } from '../account/page.ts'
import { field } from '../form.ts'
import type { SomebodyElse } from '../interaction/somebody-else.ts'
import { againPath } from '../interaction/step.ts'
import type { Landed, LandingPage } from '../landing.ts'
import { inWords, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { type SignUpCookies, signUpPath } from '../sign-up-cookies.ts'
import type { Tickets } from '../tickets.ts'

export interface SignUpLinkParts {
  registration: Registration
  cookies: SignUpCookies
  tickets: Tickets
  somebodyElse: SomebodyElse
  pages: Pages
  /** For how long a sign-in waits for its person. */
  interactionSeconds: number
  now(): number
}

export function signUpLinkPage(parts: SignUpLinkParts): LandingPage<SignUpLink> {
  const { registration, cookies, tickets, somebodyElse, pages, interactionSeconds, now } = parts

  const asksFor = (link: SignUpLink) => (link.h === undefined ? 'person' : cookies.askedHere(link) ? 'click' : 'password')

  async function ask(
    ctx: Context,
    { content, issuedAt, action, csrf }: Landed<SignUpLink>,
    name = content.n,
    fault?: Refusal,
  ): Promise<void> {
    await registration.check(content, issuedAt)
    const leaves = (await somebodyElse.at(ctx))?.email
    const model = { action, csrf, email: content.e, name, asksFor: asksFor(content), anewHref: signUpPath, leaves } as const
    show(pages, ctx, 'signUpConfirm', { ...model, error: inWords(fault) }, fault)
  }

  async function confirm(ctx: Context, { content, issuedAt }: Landed<SignUpLink>, form: URLSearchParams) {
    await registration.check(content, issuedAt)
    const asked = asksFor(content)
    if (asked === 'password') await registration.prove(content, field(form, 'password'), ctx.ip)
    const chosen: Person | undefined =
      asked === 'person' ? { name: field(form, 'name'), password: field(form, 'password') } : undefined
    const account = await registration.confirm(content, issuedAt, from(ctx), chosen)
    return { account, byClick: asked === 'click' }
  }

  /** Where it was asked for, if that is still open in this browser. */
  const wayOf = ({ content, issuedAt }: Landed<SignUpLink>): string | undefined =>
    cookies.askedHere(content) && issuedAt + interactionSeconds > now() ? content.i : undefined

  return {
    purpose: 'sign-up',
    next: {
      heading: 'This link is over',
      sentence: 'If the account is yours, sign in. If you have none, you can sign up anew.',
      way: { href: ownPages.account, label: 'Sign in' },
    },
    show: (ctx, landed) => ask(ctx, landed),
    again: (ctx, landed, form, fault) => ask(ctx, landed, form.get('name') ?? undefined, fault),
    async act(ctx, landed, form) {
      const { account, byClick } = await confirm(ctx, landed, form)
      const uid = wayOf(landed)
      await somebodyElse.leaves(ctx)
      const proof = byClick ? ({ amr: ['email'], by: 'link' } as const) : { amr: ['pwd'] }
      tickets.give({ account: account.id, ...proof, amr: [...proof.amr], provenAt: now(), withoutLetter: true }, uid)
      landed.close()
      seeOther(ctx, uid === undefined ? ownPages.account : againPath(uid))
    },
  }
}
