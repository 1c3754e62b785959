/** Writes a "no" as the answer, for a browser or for a program. */
import type { Context } from 'koa'
import type { Refusals } from '../pages/refusals.ts'

/** @param no a Refusal, the library's words, or anything else, of which nothing is shown. @param as what it is said in; by `Accept` unless given */
export function sayNo(
  ctx: Context,
  refusals: Refusals,
  no: unknown,
  { as, backHref }: { as?: 'json' | 'html'; backHref?: string } = {},
): void {
  const accepted = ctx.accepts('json', 'html') === 'html' ? 'html' : 'json'
  const answer = refusals.answer(no, { as: as ?? accepted, requestId: ctx.get('x-request-id'), backHref })
  ctx.status = answer.status
  ctx.type = answer.type
  ctx.set(answer.headers)
  ctx.body = answer.body
}
