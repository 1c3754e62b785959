/** How a page that stands in no sign-in is shown, and how its form says no. */
import type { Context } from 'koa'
import { Refusal } from '../base/errors.ts'
import type { Fault } from '../pages/form-model.ts'
import type { Page, PageModels } from '../pages/pages.ts'
import type { Pages } from '../pages/render.ts'

/** @param fault of the form, which the model has in words */
export function show<P extends Page>(pages: Pages, ctx: Context, page: P, model: PageModels[P], fault?: Refusal): void {
  ctx.status = fault ? statusOf(fault) : 200
  ctx.type = 'html'
  if (fault?.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(fault.retryAfterSeconds))
  ctx.body = pages.render(page, model)
}

/** What was typed is well-formed, and not accepted (RFC 9110 s15.5.21). */
const statusOf = ({ status }: Refusal): number => (status === 400 ? 422 : status)

export const inWords = (fault: Refusal | undefined): Fault | undefined => fault && { code: fault.code, sentence: fault.message }

/** What a form's deed came to: its value, or the refusal that its page says. */
export type Outcome<T> = { value: T; fault?: undefined } | { fault: Refusal }

/** @throws whatever is no refusal */
export async function refusalIn<T>(doing: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await doing }
  } catch (fault) {
    if (fault instanceof Refusal) return { fault }
    throw fault
  }
}
