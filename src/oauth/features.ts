/** Which standards are on, switch by switch. What is not named here is off; `docs/standards.md` says where each is shown. */
import type { Client, Configuration } from 'oidc-provider'
import { mutualTls } from './clients/mutual-tls.ts'
import type { OurClient } from './clients/our-client.ts'
import { richRequests } from './consent/rich-requests.ts'
import { deviceFlow } from './device-flow.ts'
import type { ProviderParts } from './parts.ts'
import { requestObjectDemands } from './policy/client-jwts.ts'
import { isFapi } from './policy/fapi.ts'
import { defaultApi, resourceServerInfo } from './policy/resource.ts'

/** What the library knows at these two are refresh tokens. Access tokens are answered by `tokens/questions.ts`. */
const isItsOwn = (_ctx: unknown, client: Client, token: { clientId?: string }): boolean => token.clientId === client.clientId

export function features(parts: ProviderParts): Configuration['features'] {
  const { settings, secrets, apis, accounts, pages, now } = parts
  const demanded = requestObjectDemands(now)
  return {
    devInteractions: { enabled: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: isItsOwn },
    jwtIntrospection: { enabled: true },
    claimsParameter: { enabled: true },
    jwtUserinfo: { enabled: true },
    richAuthorizationRequests: richRequests(apis),
    revocation: { enabled: true, allowedPolicy: isItsOwn },
    deviceFlow: deviceFlow(pages.device),
    dPoP: {
      enabled: true,
      // The same in every process, so that a nonce of one is good at another.
      // One is all that the library takes. With a new secret the nonces of before are refused once, and a new one comes with it (RFC 9449 s8).
      nonceSecret: secrets.keysFor('dpop/nonces')[0],
      requireNonce: () => settings.dpop.requireNonce,
      allowReplay: false,
    },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: {
      enabled: true,
      assertJwtClaimsAndHeader: (ctx, claims, header, client) => demanded(ctx, claims, header, client as OurClient),
    },
    jwtResponseModes: { enabled: true },
    encryption: { enabled: true },
    mTLS: mutualTls(parts),
    fapi: { enabled: true, profile: (_ctx, client) => (isFapi(client as OurClient | undefined) ? '2.0' : undefined) },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: pages.logout, postLogoutSuccessSource: pages.signedOut },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, client, oneOf) => defaultApi(apis, client as OurClient, oneOf && [...oneOf]),
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) =>
        resourceServerInfo({ apis, accounts }, ctx, resource, client as OurClient),
    },
  }
}
