/** Which page may read an answer (CORS, Fetch standard s3.2): the library asks per client, and what it says too early or too widely is mended here. */
import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { OurClient } from '../clients/our-client.ts'

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

/**
 * Preflights too, and documents for everybody. A preflight carries no client, so that every other origin may ask: it learns which methods
 * and headers there are, which the standards say of every server, and the answer itself decides who reads it. To look for the origin among
 * those of all clients would say which origins have one. No answer of either kind allows credentials.
 */
export const nothingForNull: Middleware = async (ctx, next) => {
  await next()
  if (ctx.get('Origin') === 'null') ctx.remove(allowed)
}
