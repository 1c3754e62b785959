/**
 * A request under way lies with its browser, where nobody can take it back, and the library judges its redirect URI when it begins and no more. So
 * the address is asked about again at each page and when the request goes on: what a client has given up since gets neither a code nor an
 * error (RFC 6749 s3.1.2.4). Scopes, APIs and the proof of a client need no such look, they are judged anew when tokens are issued.
 */
import type { Client, Interaction, Provider } from 'oidc-provider'

interface Finds {
  find(...given: unknown[]): Promise<Interaction | undefined>
}

/** Rests on `Interaction.find`, by which pages and the library come to a request. A client that is gone is said by whoever finds it gone. */
export function refuseFormerAddresses(provider: Provider): void {
  const model = provider.Interaction as unknown as Finds
  const { find } = model
  model.find = async function (...given) {
    const interaction = await find.apply(this, given)
    // From a device nobody is sent anywhere.
    const { client_id: id, redirect_uri: address } = interaction?.params ?? {}
    if (typeof id !== 'string' || typeof address !== 'string') return interaction
    const client = (await provider.Client.find(id)) as (Client & { redirectUriAllowed(uri: string): boolean }) | undefined
    return client && !client.redirectUriAllowed(address) ? undefined : interaction
  }
}
