/**
 * Token exchange between services (RFC 8693): an API that was called gets a token for another API, in the name of the person who called it,
 * and `act` says who acts. Nothing is stored: the new token hangs on the grant of the first, and lives no longer than the token that it was
 * exchanged for. So does what is got for an API key, the key in the grant's place: an API that knows access tokens alone is called with those.
 * Authorization details stay behind, since they were allowed for the first API. Rests on the helpers that the library keeps for grants like this,
 * outside its versioning.
 */
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import { grantTypes } from '../../settings/client/kinds.ts'
import type { OurClient } from '../clients/our-client.ts'
import type { ProviderParts } from '../parts.ts'
import { resourceServerOf } from '../policy/resource.ts'
import type { AccessTokenClaims, Inherited } from './access-tokens.ts'
import {
  accessTokenType,
  type ExchangeParameters,
  exchangeable,
  exchangedScopes,
  exchangeParameters,
  repeatableParameters,
  subjectTokenOf,
  targetOf,
} from './exchange-request.ts'
import type { LivingTokens } from './living-tokens.ts'
import { asToken } from './shown-keys.ts'

type Context = TokenEndpointGrantContext<ExchangeParameters>

export function exchangeTokens(
  provider: Provider,
  { apis, apiKeys, now }: Pick<ProviderParts, 'apis' | 'apiKeys' | 'now'>,
  living: LivingTokens,
): void {
  const findSubject = async (token: string, isKey: boolean) =>
    isKey ? asToken(await apiKeys.findLiving(token)) : living.find(token)

  async function exchange(ctx: Context): Promise<void> {
    const { params } = ctx.oidc
    const client = ctx.oidc.client as OurClient
    const dPoP = await validateDpop(provider, ctx)
    checkDpopRequired(provider, ctx, dPoP)
    const certificate = checkMtlsCert(provider, ctx)

    const subject = subjectTokenOf(params)
    const api = targetOf(params, client, apis)
    const { claims, account, key } = exchangeable(await findSubject(subject.token, subject.isKey), client)
    ctx.oidc.entity('Account', { accountId: account.id, roles: account.roles, claims: () => ({ sub: account.id }) })

    const scope = exchangedScopes(params, { client, api, claims, key, roles: account.roles }).join(' ')
    const end = Math.min(claims.exp, now() + api.accessTokenLifetimeSeconds)
    const token = new provider.AccessToken({
      client,
      accountId: account.id,
      gty: grantTypes.token_exchange,
      grantId: claims.grant as string,
      sid: claims.sid,
      scope,
      exp: end,
      resourceServer: new provider.ResourceServer(api.identifier, resourceServerOf(api, scope)),
    })
    Object.assign(token, { inherited: inheritedFrom(claims, client) })
    if (certificate) token.setThumbprint('x5t', certificate)
    if (dPoP) {
      await checkDpopReplay(provider, ctx, dPoP, client.clientId)
      token.setThumbprint('jkt', dPoP.thumbprint)
    }
    ctx.oidc.entity('AccessToken', token)
    ctx.body = buildTokenResponse(provider, {
      accessToken: await token.save(),
      issuedTokenType: accessTokenType,
      tokenType: token.tokenType,
      expiresIn: end - now(),
      scope,
    })
    provider.emit('token_exchange.success', ctx, { from: claims.aud, to: api.identifier, scope })
  }

  provider.registerGrantType<ExchangeParameters>(grantTypes.token_exchange, exchange, exchangeParameters, [
    ...repeatableParameters,
  ])
}

/** RFC 8693 s4.1: whoever acts now stands outermost, and who acted before within. How the person signed in is as true as it was. */
function inheritedFrom({ sub, auth_time, acr, amr, act }: AccessTokenClaims, { clientId }: OurClient): Inherited {
  return { sub, auth_time, acr, amr, act: { sub: clientId, ...(act && { act }) } }
}
