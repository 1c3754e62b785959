/**
 * The pages of a person's own account. Each is reached signed in (`web/account/person.ts`); what cannot be taken back asks for a sign-in of these
 * minutes or for the password itself. A page's form is bound to the session that it was shown in.
 */
import Router from '@koa/router'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { withinRequest } from '../../oauth/records/request.ts'
import type { Account } from '../../store/store.ts'
import { deletePage } from '../account/delete.ts'
import { type EmailPageParts, emailPage } from '../account/email.ts'
import { apisFor } from '../account/key-models.ts'
import { keyPages } from '../account/keys.ts'
import { namePage } from '../account/name.ts'
import { type NewKeyParts, newKeyPage } from '../account/new-key.ts'
import { passwordPage } from '../account/password.ts'
import { visiting } from '../account/person.ts'
import { show } from '../page.ts'

export function accountRoutes(parts: EmailPageParts & NewKeyParts): Router {
  const { pages, said, apiKeys, declaredApis } = parts
  const router = new Router()
  router.use(withinRequest)

  async function keysOf(account: Account) {
    const { length: count } = await apiKeys.list({ account: account.id })
    return count > 0 || apisFor(declaredApis, account).length > 0 ? { count, href: ownPages.keys } : undefined
  }

  router.get(ownPages.account, async (ctx) => {
    const person = await visiting(parts, ctx, { page: ownPages.account })
    if (!person) return
    const { name, email, emailVerifiedAt } = person.account
    show(pages, ctx, 'account', {
      account: { name, email },
      verified: emailVerifiedAt !== undefined,
      done: said.take(ctx),
      emailHref: parts.mailer.delivers ? ownPages.email : undefined,
      keys: await keysOf(person.account),
    })
  })
  namePage(router, parts)
  passwordPage(router, parts)
  emailPage(router, parts)
  deletePage(router, parts)
  newKeyPage(router, parts)
  keyPages(router, parts)
  return router
}
