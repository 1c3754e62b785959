/** What was allowed before, and who is not asked at all. */
import type { Grant, KoaContextWithOIDC } from 'oidc-provider'
import { identityScopeNames, splitScope } from '../../permissions/scopes.ts'
import { staysOnDevice } from '../../settings/uri.ts'
import type { OurClient } from '../clients/our-client.ts'
import { ownClientId } from '../clients/own-client.ts'
import { changeGrant } from '../records/grant-adapter.ts'

/** Consent of an operator's own application is the operator's setting. Never where the answer stays on the device: anything may listen there. */
export function skipsConsent(client: OurClient): boolean {
  return client.first_party && client.applicationType !== 'native' && !client.redirectUris?.some(staysOnDevice)
}

/** The grant that a request builds on; for a first-party client it is made here, from what was asked. */
export async function existingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { oidc } = ctx
  const client = oidc.client as OurClient
  // Nothing is given out by it, so that it need not outlive this request.
  if (client.clientId === ownClientId && oidc.account) return ownGrant(ctx, oidc.account.accountId)
  const grantId = oidc.result?.consent?.grantId ?? oidc.session?.grantIdFor(client.clientId)
  const found = grantId ? await oidc.provider.Grant.find(grantId) : undefined
  // A grant of somebody who used this browser before is not this person's.
  const grant = found?.accountId === oidc.account?.accountId ? found : undefined
  if (!skipsConsent(client) || !oidc.account) return grant
  const owner = { accountId: oidc.account.accountId, clientId: client.clientId }
  return changeGrant(oidc.provider, grant, owner, (current) => addAll(ctx, current))
}

function ownGrant(ctx: KoaContextWithOIDC, accountId: string): Grant {
  const grant = new ctx.oidc.provider.Grant({ accountId, clientId: ownClientId })
  addAll(ctx, grant)
  return grant
}

/** @returns whether anything was not in the grant before */
function addAll(ctx: KoaContextWithOIDC, grant: Grant): boolean {
  const before = JSON.stringify([grant.openid, grant.resources])
  const asked = splitScope(ctx.oidc.params?.scope)
  const identity = asked.filter((scope) => identityScopeNames.includes(scope))
  if (identity.length > 0) grant.addOIDCScope(identity.join(' '))
  const claims = [...ctx.oidc.requestParamClaims]
  if (claims.length > 0) grant.addOIDCClaims(claims)
  for (const [identifier, server] of Object.entries(ctx.oidc.resourceServers ?? {})) {
    const scopes = asked.filter((scope) => server.scopes.has(scope))
    if (scopes.length > 0) grant.addResourceScope(identifier, scopes.join(' '))
  }
  return grant.jti === undefined || JSON.stringify([grant.openid, grant.resources]) !== before
}
