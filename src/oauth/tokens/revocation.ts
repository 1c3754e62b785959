/** The answer at `/revocation` for an access token (RFC 7009 s2). */
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Revocations } from '../../tokens/revocation.ts'
import { hangsOnGrant, type LivingTokens } from './living-tokens.ts'

/**
 * RFC 7009 s2.1 and s2.2: a token is its client's alone to revoke, and the answer is the same whatever it was. With a token of a person the
 * whole grant ends, refresh tokens too; a machine's, and one that a service got in exchange, ends by itself. What was exchanged for it
 * meanwhile lives on, for as long as it would have lived itself at most.
 */
export async function revokeAccessToken(ctx: KoaContextWithOIDC, living: LivingTokens, revocations: Revocations): Promise<void> {
  const { client, provider, params } = ctx.oidc
  ctx.remove('Content-Type')
  ctx.status = 200
  ctx.body = ''
  const claims = (await living.find(String(params?.token)))?.claims
  if (!claims || claims.client_id !== client?.clientId) return
  if (hangsOnGrant(claims)) {
    await provider.RefreshToken.revokeByGrantId(claims.grant)
    provider.emit('grant.revoked', ctx, claims.grant)
  } else {
    await revocations.revokeToken(claims)
    provider.emit('access_token.revoked', ctx)
  }
}
