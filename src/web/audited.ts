/** Writes sign-outs into the audit log, before they are answered. */
import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit } from '../audit/audit.ts'
import { behindRequest } from '../oauth/behind.ts'

/** Whoever was signed in nowhere has ended nothing. */
export function auditedSignOut({ audit }: { audit: Audit }): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.path !== '/session/end/confirm' || ctx.status !== 303) return
    const answered = ctx as unknown as KoaContextWithOIDC
    const who = behindRequest(answered)
    if (answered.oidc.params?.logout && who.account !== undefined) await audit.record('session.ended', who)
  }
}
