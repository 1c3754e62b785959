/** The page on which a person ends their account, by a sign-in of these minutes and a tick, since nothing brings it back. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { endSession } from '../../oauth/logout/endings.ts'
import { inWords, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { type AccountPageParts, from } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'

const wanted = { page: ownPages.delete, fresh: true } as const
const deletedPath = `${ownPages.account}/deleted`

export function deletePage(router: Router, { own, pages, provider, ...parts }: AccountPageParts): void {
  const personParts = { provider, ...parts }
  const ask = (ctx: Context, { account: { email }, csrf }: SignedIn, fault?: Refusal) =>
    show(pages, ctx, 'accountDelete', { action: wanted.page, csrf, email, error: inWords(fault) }, fault)

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(personParts, ctx, wanted)
    if (person) ask(ctx, person)
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(personParts, ctx, wanted)
    if (!person) return
    if (person.form.get('sure') !== 'yes') return ask(ctx, person, notSure())
    await own.remove(person.account, from(ctx))
    // The rows are gone; apps that this browser was signed in to are told.
    await endSession(provider, person.session)
    seeOther(ctx, deletedPath)
  })

  router.get(deletedPath, (ctx) => show(pages, ctx, 'accountDeleted', {}))
}

const notSure = () => new Refusal('not_sure', 'Tick the box if you want to delete the account.')
