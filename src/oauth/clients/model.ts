/** Where the library's client is not ours: how a secret is compared, whether sessions are named, how a client is found again. Prototype members that it documents by use. */
import { type Client, errors, type Provider } from 'oidc-provider'
import type { ProviderParts } from '../parts.ts'
import { encryptToFittingKeys } from './encryption-keys.ts'
import { spareKeys } from './keys.ts'
import type { ClientMetadata } from './metadata.ts'
import { mutualTlsMethods } from './mutual-tls.ts'
import { matchesSecret } from './secrets.ts'
import { sparing } from './sparing.ts'

type ClientParts = Pick<ProviderParts, 'clients' | 'settings' | 'now'>

/** Of what is asked for once in the life of a process. */
const failureSeconds = 30

interface ClientOverrides {
  clientId: string
  clientSecret?: string
  compareClientSecret(this: ClientOverrides, given: string): boolean | Promise<boolean>
  includeSid(): boolean
}

export function adjustClients(provider: Provider, { clients, settings, now }: ClientParts): void {
  const prototype = provider.Client.prototype as unknown as ClientOverrides
  prototype.compareClientSecret = function (given) {
    return matchesSecret(this.clientSecret, given, now()) || matchesAnew(this, given)
  }
  // A secret that the command line has just shown is one that this process may not have read yet. Costs whoever has a wrong one a look-up.
  async function matchesAnew({ clientId, clientSecret }: ClientOverrides, given: string): Promise<boolean> {
    const secrets = (await clients.findAnew(clientId))?.client_secret
    return secrets !== clientSecret && matchesSecret(secrets, given, now())
  }
  // `sid` in every ID token and access token, not only for clients with back-channel logout: an API can then tell what comes from one sign-in.
  prototype.includeSid = () => true

  // The library serialises and digests a client's metadata at each look-up to know whether it has built that client before. Ours are the same
  // object as long as they say the same, which is a cheaper way to know.
  const { Client } = provider as unknown as { Client: { find(id: string): Promise<Client | undefined> } }
  const build = Client.find.bind(Client)
  const built = new WeakMap<ClientMetadata, Client>()
  const building = new WeakMap<ClientMetadata, () => Promise<Client | undefined>>()
  Client.find = async (id) => {
    const metadata = typeof id === 'string' && id ? await clients.find(id) : undefined
    if (!metadata) return undefined
    const known = built.get(metadata)
    if (known) return known
    refuseWithoutCertificates(metadata, settings)
    // A pairwise client's sector is asked for here (`helpers/sector_validate.js`), whoever names the client. A changed registration is another object.
    const buildOnce = building.get(metadata) ?? sparing(() => build(id), failureSeconds, now)
    building.set(metadata, buildOnce)
    const client = await buildOnce()
    if (client && !built.has(metadata)) {
      encryptToFittingKeys(client)
      spareKeys(client, now)
      built.set(metadata, client)
    }
    return client
  }
}

/**
 * Where certificates are off, the library overlooks that a client's tokens are to be bound to one, and issues them unbound.
 * @throws errors.InvalidClientAuth, 401 `invalid_client`
 */
function refuseWithoutCertificates(client: ClientMetadata, settings: ProviderParts['settings']): void {
  const { token_endpoint_auth_method: method = 'none' } = client
  const byCertificate = client.tls_client_certificate_bound_access_tokens || method.endsWith('tls_client_auth')
  const isOn = method.endsWith('tls_client_auth') ? mutualTlsMethods(settings).includes(method) : settings.mutualTls
  if (byCertificate && !isOn) throw new errors.InvalidClientAuth('this client needs mutualTls, which is not set')
}
