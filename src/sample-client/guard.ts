/** Comes before every route: what a browser may do with our pages, and whose forms are ours. */
import type { Middleware } from 'koa'
import type { Settings } from './settings.ts'

export function guard({ origin, issuer }: Settings): Middleware {
  const host = new URL(origin).host
  // `form-action` holds along the redirects that answer a form: "Sign in" posts to us, and we send the browser to the issuer.
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action 'self' ${new URL(issuer).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      // Not `no-referrer`: browsers then send `Origin: null` with our own forms as well. The callback's URL holds a code.
      'Referrer-Policy': 'same-origin',
      'Cache-Control': 'no-store',
    })
    const reads = ctx.method === 'GET' || ctx.method === 'HEAD'
    // 127.0.0.1 shows the same pages, but has another cookie than the origin to which a sign-in returns.
    if (ctx.host !== host && reads) return ctx.redirect(`${origin}/`)
    if (!reads && !(ctx.host === host && isOurForm(ctx.get('Sec-Fetch-Site'), ctx.get('Origin'), origin))) {
      return ctx.throw(403, 'This form was sent by another site.')
    }
    await next()
  }
}

/** `same-site` is foreign: on localhost it is any other port. A browser too old for `Sec-Fetch-Site` sends `Origin` with a form. */
export function isOurForm(site: string, from: string, origin: string): boolean {
  return site === '' ? from === origin : site === 'same-origin' || site === 'none'
}
