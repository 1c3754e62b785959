/**
 * One answer for a replay, whether it comes later or at the same moment. The library looks a value up, then stores it; of two that both
 * found nothing the store refuses one. That one has to hear what the library tells a latecomer, and only the place that asked knows it:
 * a client assertion is 401 `invalid_client`, a DPoP proof `invalid_dpop_proof` or `invalid_grant`. So the question is answered with no.
 */
import { type Adapter, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type ArtifactParts, artifactAdapter, guards, SeenBefore } from './adapter.ts'

/**
 * The library remembers a DPoP proof for 300 seconds from when it came, and takes one that was made up to 300 seconds in the future: it would
 * be good again once it is forgotten.
 */
const aheadSeconds = 300

/** The library writes issuer and `jti` one behind the other, so that two clients could run together; here each is one client's, of one kind. */
export function refuseReplays({ ReplayDetection }: Pick<Provider, 'ReplayDetection'>): void {
  const unique = ReplayDetection.unique.bind(ReplayDetection)
  const kindOf = kinds()
  ReplayDetection.unique = async (issuer, jti, expiresAt) => {
    try {
      return await unique(kindOf(Provider.ctx), JSON.stringify([issuer, jti]), expiresAt + aheadSeconds)
    } catch (cause) {
      if (cause instanceof SeenBefore) return false
      throw cause
    }
  }
}

/** A request with an assertion authenticates by it first (`shared/client_auth.js`); whatever else is asked about within it is a proof. */
function kinds(): (ctx: KoaContextWithOIDC | undefined) => 'assertion' | 'proof' {
  const authenticated = new WeakSet<KoaContextWithOIDC>()
  return (ctx) => {
    if (ctx?.oidc.body?.client_assertion === undefined || authenticated.has(ctx)) return 'proof'
    authenticated.add(ctx)
    return 'assertion'
  }
}

/** Where a client has authenticated by the time that a value is looked up. At the authorization endpoint anybody names any client. */
const authenticating = new Set(['token', 'pushed_authorization_request', 'introspection', 'revocation', 'device_authorization'])

/**
 * For the model ReplayDetection. Anybody can make a key and proofs by it, and send them in the name of a public client: such rows are
 * strangers' rows. A value is asked about in the same way each time: an assertion where clients authenticate, a proof at its one endpoint.
 */
export function replayAdapter(parts: ArtifactParts): Adapter {
  const ofClients = artifactAdapter(guards.ofClients, parts)
  const ofAnybody = artifactAdapter(guards.ofAnybody, parts)
  const adapter = () => (hasAuthenticated(Provider.ctx) ? ofClients : ofAnybody)
  return {
    ...ofAnybody,
    find: (value) => adapter().find(value),
    upsert: (...record) => adapter().upsert(...record),
  }
}

function hasAuthenticated(ctx: KoaContextWithOIDC | undefined): boolean {
  const { client, route = '' } = ctx?.oidc ?? {}
  return client !== undefined && client.clientAuthMethod !== 'none' && authenticating.has(route)
}
