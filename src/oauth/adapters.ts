/** Which record of the library's lies where. */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { deriveKey } from '../crypto/derive.ts'
import { createSealer } from '../crypto/sealing.ts'
import { endBound } from '../store/bonds.ts'
import { accessTokenPayload, createAccessTokenReader } from './access-tokens.ts'
import { artifactAdapter, lookUpOnly, withRefusalsSaid } from './adapter.ts'
import { deviceCodeAdapter } from './device-flow.ts'
import type { ProviderParts } from './parts.ts'
import { pushedRequestAdapter } from './pushed-requests.ts'
import { sessionAdapter } from './session-adapter.ts'

/** Strangers cause these, so they live where they can be lost and are bounded. */
const volatileModels = new Set(['Interaction', 'ReplayDetection', 'DeviceCode', 'PushedAuthorizationRequest'])

export function adapters({
  settings,
  masterSecret,
  ring,
  store,
  clients,
  deviceLimits,
  now,
}: ProviderParts): (model: string) => Adapter {
  const kept = {
    sealer: createSealer(deriveKey(masterSecret, 'store/artifacts')),
    userCodeKey: deriveKey(masterSecret, 'store/user-codes'),
    endGrant: (grant: string) => endBound(store, { grant }),
    now,
  }
  const reader = createAccessTokenReader({ ring, issuer: settings.issuer, now })
  return (model) => {
    if (model === 'Client') return lookUpOnly((id) => clients.find(id) as Promise<AdapterPayload | undefined>)
    if (model === 'AccessToken' || model === 'ClientCredentials') return lookUpOnly((token) => accessTokenPayload(reader, token))
    const lasting = artifactAdapter(model, { ...kept, store: store.artifacts })
    const passing = artifactAdapter(model, { ...kept, store: store.volatile })
    if (model === 'Session') return withRefusalsSaid(sessionAdapter(lasting, passing))
    if (model === 'DeviceCode') return withRefusalsSaid(deviceCodeAdapter(passing, deviceLimits, now))
    if (model === 'PushedAuthorizationRequest')
      return withRefusalsSaid(pushedRequestAdapter(passing, settings.lifetimes.interactionSeconds))
    return withRefusalsSaid(volatileModels.has(model) ? passing : lasting)
  }
}
