/** What a request of the device flow passes before the protocol library sees it. */
import type { Context, Middleware } from 'koa'
import { Refusal } from '../../base/errors.ts'

/** Longer than any spelling of a code. */
const longestCode = 32

/**
 * `verification_uri_complete` names the code in its query (RFC 8628 s3.3.1). The library would send it on by itself, with a script; here the
 * page is filled in and waits for the person, so that opening a link does nothing (s5.4).
 */
export const deviceGate: Middleware = async (ctx, next) => {
  // The library would take `auth` for the id of a request that a person has gone through.
  if (ctx.path === '/device/auth' && ctx.method !== 'POST' && ctx.method !== 'OPTIONS') {
    ctx.set('Allow', 'POST, OPTIONS')
    throw new Refusal('method_not_allowed', 'This address is for programs, which send a POST here.', { status: 405 })
  }
  if (ctx.path === '/device' && ctx.method !== 'POST') {
    const code = ctx.query.user_code
    if (typeof code === 'string' && code.length <= longestCode) ctx.state.userCode = code.toUpperCase()
    ctx.querystring = ''
  }
  await next()
}

export const givenCode = (ctx: Context): string | undefined => ctx.state.userCode
