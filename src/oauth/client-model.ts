/** Where the library's client is not ours: how a secret is compared, whether sessions are named, how a client is found again. Prototype members that it documents by use. */
import type { Client, Provider } from 'oidc-provider'
import type { Clock } from '../base/clock.ts'
import type { ClientMetadata } from './client-metadata.ts'
import { matchesSecret } from './client-secrets.ts'
import type { Clients } from './clients.ts'

interface ClientOverrides {
  clientSecret?: string
  compareClientSecret(this: ClientOverrides, given: string): boolean
  includeSid(): boolean
}

export function adjustClients(provider: Provider, clients: Clients, now: Clock): void {
  const prototype = provider.Client.prototype as unknown as ClientOverrides
  prototype.compareClientSecret = function (given) {
    return matchesSecret(this.clientSecret, given, now())
  }
  // `sid` in every ID token and access token, not only for clients with back-channel logout: a session can then be named in a revocation.
  prototype.includeSid = () => true

  // The library serialises and digests a client's metadata at each look-up to know whether it has built that client before. Ours are the same
  // object as long as they say the same, which is a cheaper way to know.
  const { Client } = provider as unknown as { Client: { find(id: string): Promise<Client | undefined> } }
  const build = Client.find.bind(Client)
  const built = new WeakMap<ClientMetadata, Client>()
  Client.find = async (id) => {
    const metadata = typeof id === 'string' && id ? await clients.find(id) : undefined
    if (!metadata) return undefined
    const known = built.get(metadata) ?? (await build(id))
    if (known) built.set(metadata, known)
    return known
  }
}
