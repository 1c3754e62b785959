/** Whatever is thrown below becomes an answer here: a refusal is said, anything else is logged and nothing of it shown. */
import type { Middleware } from 'koa'
import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Refusals } from '../pages/refusals.ts'
import { sayNo } from './say-no.ts'

export function guard(refusals: Refusals, log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) throw new Refusal('not_found', 'There is nothing here.', { status: 404 })
    } catch (thrown) {
      const no = speakable(thrown)
      if (no instanceof Refusal)
        log.info('refused', { request: ctx.get('x-request-id'), path: shortened(ctx.path), reason: no.code, ...no.detail })
      else log.error('server_error', { request: ctx.get('x-request-id'), path: shortened(ctx.path), error: thrown })
      sayNo(ctx, refusals, no)
    }
  }
}

/** A token that somebody put into the path by mistake stays out of the log. */
const shortened = (path: string) => path.replace(/[^/]{20,}/g, '…')

/** The library's own refusals, thrown from one of our routes, carry what may be said. */
function speakable(thrown: unknown): unknown {
  if (thrown instanceof Refusal) return thrown
  // A store that could not answer, as it was before the library's adapter said so (`oauth/records/unavailable.ts`).
  if (thrown instanceof Error && thrown.cause instanceof Refusal) return thrown.cause
  const { expose, status, error, error_description: description } = (thrown ?? {}) as Record<string, unknown>
  if (expose !== true || typeof error !== 'string') return thrown
  return new Refusal(error, typeof description === 'string' ? description : 'The request was refused.', {
    status: typeof status === 'number' ? status : 400,
  })
}
