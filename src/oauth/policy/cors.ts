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
