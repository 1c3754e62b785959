/** The page on which a person asks for another address. What comes of it they learn from the letter, and nobody learns here who else has an account. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import type { EmailChanges } from '../../accounts/email-change.ts'
import type { LetterLimits } from '../../accounts/letter-limits.ts'
import { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { field } from '../form.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import type { AccountPageParts } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'
import type { WayBack } from './way-back.ts'

const wanted = { page: ownPages.email, fresh: true } as const

export interface EmailPageParts extends AccountPageParts {
  emails: EmailChanges
  letterLimits: LetterLimits
  wayBack: WayBack
}

export function emailPage(router: Router, parts: EmailPageParts): void {
  const { emails, letterLimits, mailer, pages, wayBack } = parts

  router.use(wanted.page, (_ctx, next) => {
    if (mailer.delivers) return next()
    const sentence = 'This server sends no letters, so an address cannot be changed here. Ask its operator.'
    throw new Refusal('no_letters', sentence, { status: 404 })
  })

  const ask = (ctx: Context, { account: { email: present }, csrf }: SignedIn, email?: string, fault?: Refusal) =>
    show(pages, ctx, 'accountEmail', { action: wanted.page, csrf, present, email, error: inWords(fault) }, fault)

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (!person) return
    const back = wayBack.take(ctx)
    if (back === undefined) ask(ctx, person)
    else seeOther(ctx, back)
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const email = field(person.form, 'email').trim()
    const { fault } = await refusalIn(
      letterLimits.count('email-change', email, ctx.ip).then(() => emails.ask(person.account, email)),
    )
    if (fault) ask(ctx, person, email, fault)
    else show(pages, ctx, 'accountEmailSent', { email })
  })
}
