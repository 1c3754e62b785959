/** API keys that a client shows to this server, to ask what they are worth or to end its own. Nowhere else is a key taken. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { networkOf } from '../../accounts/networks.ts'
import { isApiKey } from '../../tokens/api-key.ts'
import type { ApiKeys, LivingKey } from '../../tokens/api-keys.ts'
import type { LivingToken } from './living-tokens.ts'

/** Whether the library answered in order about something that looks like a key, of which it knows nothing. */
export function isAboutApiKey({ oidc, status }: KoaContextWithOIDC): boolean {
  return status === 200 && oidc?.client !== undefined && isApiKey(String(oidc.params?.token))
}

/**
 * A key as if it were an access token: what it is exchanged for hangs on it as tokens hang on a grant (`living-tokens.ts`), and its scope is what its owner may
 * still have of it. A machine's has no account.
 */
export function asToken(living: LivingKey | undefined): LivingToken | undefined {
  if (!living || living.scopes.length === 0) return undefined
  const { claims, row: key, scopes, owner } = living
  return {
    claims: { ...claims, scope: scopes.join(' '), grant: claims.jti },
    key,
    ...('account' in owner && { account: owner.account }),
  }
}

/** RFC 7009 s2.1: a machine ends its own key; to anybody else the answer is the same, and nothing happens. A person has a page for that. */
export async function revokeKey(ctx: KoaContextWithOIDC, apiKeys: Pick<ApiKeys, 'findLiving' | 'end'>): Promise<void> {
  const { client, provider, params } = ctx.oidc
  const living = await apiKeys.findLiving(String(params?.token))
  if (!living || !client) return
  const who = { actor: `client:${client.clientId}`, from: networkOf(ctx.ip) } as const
  if (await apiKeys.end({ client: client.clientId }, living.row.jti, 'machine', who)) provider.emit('api_key.revoked', ctx)
}
