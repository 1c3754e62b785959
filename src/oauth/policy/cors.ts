import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { OurClient } from '../our-client.ts'

/**
 * CORS: a browser client at the origins of its redirect URIs and at those that it registered; at userinfo every client.
 * Never `null`, which any sandboxed frame can claim.
 */
export function mayCallFrom(origin: string, client: OurClient, route: string): boolean {
  if (origin === 'null') return false
  if (client.cors_origins.includes(origin)) return true
  if (route !== 'userinfo' && client.clientAuthMethod !== 'none') return false
  return (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin)
}

const allowed = 'Access-Control-Allow-Origin'

/** The library reflects the origin before it knows the client, and asks `mayCallFrom` once it does: what was answered before then is taken back. */
export function forgetOrigin(ctx: KoaContextWithOIDC): void {
  // At userinfo a token that is no longer good names no client, and its page has to read that it is not.
  if (!ctx.oidc.client && ctx.oidc.route !== 'userinfo') ctx.remove(allowed)
}

/** Preflights too, for which no client is known, and documents for everybody. */
export const nothingForNull: Middleware = async (ctx, next) => {
  await next()
  if (ctx.get('Origin') === 'null') ctx.remove(allowed)
}
