/** Registers clients as they were when the settings still had what they need: client certificates, private networks over http. */
import { type Clients, createClients } from '../../src/oauth/clients/clients.ts'
import type { TestServer } from './server.ts'

export function formerly({ parts: { settings, store, audit, apiKeys, now } }: TestServer): Clients {
  const mutualTls = { certificateHeader: 'client-cert', verifiedHeader: 'client-cert-verify' }
  return createClients({
    settings: { ...settings, mutualTls, outgoing: { allowPrivateNetworks: true } },
    store,
    audit,
    apiKeys,
    now,
  })
}
