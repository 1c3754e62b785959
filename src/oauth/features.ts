/** Which standards are on, switch by switch. What is not named here is off; `docs/standards.md` says where each is shown. */
import type { Configuration } from 'oidc-provider'
import { deviceFlow } from './device-flow.ts'
import type { OurClient } from './our-client.ts'
import type { ProviderParts } from './parts.ts'
import { defaultApi, resourceServerInfo } from './policy/resource.ts'

export function features({ apis, accounts, pages }: ProviderParts): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    clientCredentials: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    deviceFlow: deviceFlow(pages.device),
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
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
