/** The sign-in page's other way: a link by letter. Nothing that is answered tells whether there is an account. */
import type { Context } from 'koa'
import { possibleEmailKey } from '../../accounts/email.ts'
import { createSignInLinks, type SignInLinkParts } from '../../accounts/sign-in-links.ts'
import { Refusal } from '../../base/errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { SealedCookie } from '../../oauth/records/sealed-cookies.ts'
import type { Settings } from '../../settings/load.ts'
import { linkKinds } from '../../tokens/links.ts'
import { createAskedLinks } from '../asked-links.ts'
import { refusalIn } from '../page.ts'
import { type SignInFault, showSignIn, signInFault } from './sign-in.ts'
import { type InteractionParts, type LinkSignIns, pathOf, type Step, show } from './step.ts'

const { lifetimeSeconds } = linkKinds['sign-in']

/** @returns undefined where they are off, or no letter would get anywhere */
export function createLinkSignIns(
  parts: SignInLinkParts & { settings: Settings; mailer: Mailer },
  cookie: SealedCookie,
): LinkSignIns | undefined {
  if (!parts.settings.signIn.byLink || !parts.mailer.delivers) return undefined
  return { links: createSignInLinks(parts), asked: createAskedLinks(cookie) }
}

/** @throws Refusal `not_found` where links sign nobody in */
export async function sendLink(parts: InteractionParts, ctx: Context, step: Step, email: string): Promise<void> {
  const { linkSignIns, pages, now } = parts
  if (!linkSignIns) throw new Refusal('not_found', 'There is nothing here.', { status: 404 })
  const fault = await whyNot(email, () => linkSignIns.links.send(email, step.interaction.uid, ctx.ip))
  if (fault) return showSignIn(parts, ctx, step, { email, ...fault })
  const { uid, exp } = step.interaction
  linkSignIns.asked.note({ uid, client: step.client.clientId, exp: Math.min(exp, now() + lifetimeSeconds) })
  show(parts, ctx, 200, step.client)
  ctx.body = pages.render('signInLinkSent', {
    email,
    minutes: lifetimeSeconds / 60,
    backHref: pathOf(step),
  })
}

async function whyNot(email: string, send: () => Promise<void>): Promise<SignInFault | undefined> {
  if (possibleEmailKey(email) === undefined)
    return { error: { code: 'invalid_email', sentence: 'Enter your e-mail address to get a link.' }, status: 422 }
  const { fault } = await refusalIn(send())
  if (fault && fault.status !== 429) throw fault
  return fault && signInFault(fault)
}
