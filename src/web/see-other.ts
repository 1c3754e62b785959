import type { Context } from 'koa'

/** 303, so that no browser posts a password a second time to wherever the redirect leads (RFC 9700 s4.12). */
export function seeOther(ctx: Context, location: string): void {
  ctx.status = 303
  ctx.redirect(location)
}
