/** Which posts are forms of ours, and have to come from our own pages. */
import type { Middleware } from 'koa'
import { checkOrigin } from './csrf.ts'
import { leakedKeysPath } from './routes/leaked-keys.ts'

/** What programs post to, from wherever they are. Every other form is ours. */
const clientEndpoints = new Set([
  '/token',
  '/par',
  '/introspection',
  '/revocation',
  '/userinfo',
  '/auth',
  '/device/auth',
  '/session/end',
  leakedKeysPath,
])

export function ownForms(issuer: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method === 'POST' && !clientEndpoints.has(ctx.path)) checkOrigin(ctx.headers, issuer)
    await next()
  }
}
