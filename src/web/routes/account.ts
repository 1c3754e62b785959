/**
 * The pages of a person's own account. Each is reached signed in (`web/account/person.ts`); what cannot be taken back asks for a sign-in of these
 * minutes or for the password itself. A page's form is bound to the session that it was shown in.
 */
import Router from '@koa/router'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { withinRequest } from '../../oauth/records/request.ts'
import { deletePage } from '../account/delete.ts'
import { type EmailPageParts, emailPage } from '../account/email.ts'
import { namePage } from '../account/name.ts'
import { passwordPage } from '../account/password.ts'
import { visiting } from '../account/person.ts'
import { show } from '../page.ts'

export function accountRoutes(parts: EmailPageParts): Router {
  const { pages, said } = parts
  const router = new Router()
  router.use(withinRequest)

  router.get(ownPages.account, async (ctx) => {
    const person = await visiting(parts, ctx, { page: ownPages.account })
    if (!person) return
    const { name, email, emailVerifiedAt } = person.account
    show(pages, ctx, 'account', {
      account: { name, email },
      verified: emailVerifiedAt !== undefined,
      done: said.take(ctx),
      emailHref: parts.mailer.delivers ? ownPages.email : undefined,
    })
  })
  namePage(router, parts)
  passwordPage(router, parts)
  emailPage(router, parts)
  deletePage(router, parts)
  return router
}
