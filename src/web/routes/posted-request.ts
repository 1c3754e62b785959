/**
 * What a client may ask by POST as well, to sign in or to sign out: OpenID Connect Core s3.1.2.1 and RP-Initiated Logout s2 demand it. The
 * library takes one only with cookies that every site may send along; here it goes on as the same request by GET, to which a browser adds
 * the cookies of a visit. It may be as long as an address (`web/door.ts`): what is longer is pushed (RFC 9126).
 */
import type { Middleware } from 'koa'
import { readForm } from '../form.ts'
import { seeOther } from '../see-other.ts'

const paths = new Set(['/auth', '/session/end'])

export const postedRequest: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || !paths.has(ctx.path)) return next()
  // A name that stands in both is twice there, and refused as such (RFC 6749 s3.1).
  const parameters = new URLSearchParams(ctx.querystring)
  for (const [name, value] of await readForm(ctx)) parameters.append(name, value)
  seeOther(ctx, `${ctx.path}?${parameters}`)
}
