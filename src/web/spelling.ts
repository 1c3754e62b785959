/**
 * One spelling for each path. The library's router takes a path in capitals as well, and with a slash at its end (so does the one of our own
 * pages); whatever is decided by a path before it would then be decided for one spelling and done for all. Any other spelling is nothing.
 */
import type { Middleware } from 'koa'
import { Refusal } from '../base/errors.ts'

/** An id of ours, which has capitals; `/device/auth` is no id. */
const withId = /^\/(?:auth|device|interaction|account\/keys)\/(?!auth$)[^/]+/i

/** @throws Refusal `not_found` 404 */
export const oneSpelling: Middleware = (ctx, next) => {
  if (!isSpeltRight(ctx.path)) throw new Refusal('not_found', 'There is nothing here.', { status: 404 })
  return next()
}

function isSpeltRight(path: string): boolean {
  if (path.endsWith('/')) return path === '/'
  const id = withId.exec(path)?.[0] ?? ''
  const fixed = id.slice(0, id.lastIndexOf('/')) + path.slice(id.length)
  return !/[A-Z]/.test(fixed)
}
