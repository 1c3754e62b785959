/** The page on which a person says what they are called. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import type { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { field } from '../form.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { type AccountPageParts, from } from './page.ts'
import { posting, visiting } from './person.ts'

const wanted = { page: ownPages.name } as const

export function namePage(router: Router, parts: AccountPageParts): void {
  const { own, pages, said } = parts
  const ask = (ctx: Context, csrf: string, name: string, fault?: Refusal) =>
    show(pages, ctx, 'accountName', { action: wanted.page, csrf, name, error: inWords(fault) }, fault)

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (person) ask(ctx, person.csrf, person.account.name)
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const name = field(person.form, 'name')
    const { fault } = await refusalIn(own.setName(person.account, name, from(ctx)))
    if (fault) return ask(ctx, person.csrf, name, fault)
    said.say(ctx, 'name')
    seeOther(ctx, ownPages.account)
  })
}
