/** Which API a request means, and what a token for it may hold. */
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider'
import type { Accounts } from '../../accounts/account.ts'
import { allowedScopes, mayAddress } from '../../permissions/allowed.ts'
import type { Api, Apis } from '../../permissions/apis.ts'
import { identityScopeNames, splitScope } from '../../permissions/scopes.ts'
import type { OurClient } from '../clients/our-client.ts'
import { mayBeSignedFor } from './fapi.ts'
import { isMachine, rolesOf } from './roles.ts'

/**
 * The API that is meant when a request names none, so that every access token has an audience and is a JWT.
 * @param oneOf the APIs of a grant, when a token request has to have exactly one
 */
export function defaultApi(apis: Apis, client: OurClient, oneOf?: string[]): string {
  if (oneOf?.[0]) return oneOf[0]
  for (const identifier of Object.keys(client.apis)) {
    const api = apis.find(identifier)
    if (api) return api.identifier
  }
  return apis.userinfo.identifier
}

export interface ResourcePolicy {
  apis: Apis
  accounts: Accounts
}

/**
 * What a token for this resource may hold at most. Called by the library for every token, so a lost role narrows the next one.
 * The scopes of OpenID Connect are included for people: a token says what was granted, and userinfo reads it there (RFC 9068 s2.2.3).
 * @throws errors.InvalidTarget (RFC 8707 s2) when the resource is unknown or not this client's, errors.InvalidScope when a machine asks in vain
 */
export async function resourceServerInfo(
  { apis, accounts }: ResourcePolicy,
  ctx: KoaContextWithOIDC,
  resource: string,
  client: OurClient,
): Promise<ResourceServer> {
  const api = apis.find(resource)
  if (!api || (api !== apis.userinfo && !mayAddress(api, client))) throw new errors.InvalidTarget()
  if (!mayBeSignedFor(client, api)) throw new errors.InvalidTarget()
  const machine = isMachine(ctx)
  // At the authorization endpoint the account is not loaded yet, but the session knows it.
  const id = ctx.oidc.session?.accountId
  const roles = rolesOf(ctx, ctx.oidc.account ?? (id ? await accounts.findActive(id) : undefined))
  const identity = machine ? [] : identityScopeNames
  const allowed = allowedScopes(api, client, roles)
  const asked = splitScope(ctx.oidc.params?.scope)
  // RFC 6749 s5.1: an answer without `scope` means "as requested", so asking in vain is an error. A person's request is answered at consent.
  if (machine && asked.length > 0 && !asked.some((scope) => allowed.includes(scope))) {
    throw new errors.InvalidScope('none of the requested scopes is allowed', asked.join(' '))
  }
  return resourceServerOf(api, [...identity, ...allowed].join(' '))
}

/** An API in the library's terms. That its tokens are encrypted is not said: see `tokens/encrypted-tokens.ts`. @param scope at most */
export function resourceServerOf(api: Api, scope: string): ResourceServer {
  return {
    scope,
    audience: api.identifier,
    accessTokenTTL: api.accessTokenLifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: api.algorithm } },
  }
}
