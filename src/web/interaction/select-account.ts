/** The page of `prompt=select_account`: who is signed in here, and whether the app is to get that account or another. */
import type { Context } from 'koa'
import { presentAccount } from './consent.ts'
import { about, appOf, type InteractionParts, pathOf, type Step, show } from './step.ts'

export async function showSelectAccount(parts: InteractionParts, ctx: Context, step: Step): Promise<void> {
  const account = await presentAccount(parts, step)
  show(parts, ctx, 200, step.client)
  ctx.body = parts.pages.render('selectAccount', {
    action: `${pathOf(step)}/select-account`,
    switchAction: `${pathOf(step)}/switch`,
    abortAction: `${pathOf(step)}/cancel`,
    csrf: parts.csrf.tokenFor(about(step)),
    client: appOf(step.client),
    account: { name: account.name, email: account.email },
  })
}
