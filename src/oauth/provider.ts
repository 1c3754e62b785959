/** Settings and parts -> oidc-provider. Reads as the list of what is on; what is not named here is off. */
import {
  type Adapter,
  type AdapterPayload,
  type ClientAuthMethod,
  type Configuration,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import type { Accounts } from '../accounts/account.ts'
import type { Clock } from '../base/clock.ts'
import { deriveKey } from '../crypto/derive.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import { createSealer } from '../crypto/sealing.ts'
import type { Apis } from '../permissions/apis.ts'
import { identityScopeNames, identityScopes } from '../permissions/scopes.ts'
import { idTokenAlgorithms } from '../settings/client.ts'
import type { Settings } from '../settings/load.ts'
import { endBound } from '../store/bonds.ts'
import type { Store } from '../store/store.ts'
import { accessTokenPayload, createAccessTokenReader, personClaims } from './access-tokens.ts'
import { artifactAdapter, lookUpOnly, saysUnavailable, withRefusalsSaid } from './adapter.ts'
import { adjustClients } from './client-model.ts'
import { type Clients, extraMembers } from './clients.ts'
import { defaultApi, existingGrant, interactions, mayCallFrom, type OurClient, resourceServerInfo } from './policy.ts'
import { sessionAdapter } from './session-adapter.ts'
import { signingKeys } from './signing-keys.ts'

/** How the protocol's own pages are said; the web floor renders them. */
export interface ProviderPages {
  logout(ctx: KoaContextWithOIDC): Promise<void>
  signedOut(ctx: KoaContextWithOIDC): void
  error(ctx: KoaContextWithOIDC, out: { error: string; error_description?: string }, error: unknown): void
}

export interface ProviderParts {
  settings: Settings
  masterSecret: string
  ring: KeyRing
  store: Store
  clients: Clients
  accounts: Accounts
  apis: Apis
  pages: ProviderPages
  now: Clock
}

/** Strangers cause these, so they live where they can be lost and are bounded. */
const volatileModels = new Set(['Interaction', 'ReplayDetection', 'DeviceCode', 'PushedAuthorizationRequest'])

const sessionCookieName = (development: boolean): string => (development ? 'signet_session' : '__Host-signet_session')

export function createProvider(given: ProviderParts): Provider {
  const parts: ProviderParts = {
    ...given,
    accounts: {
      ...given.accounts,
      findActive: saysUnavailable(given.accounts.findActive),
      findSignedIn: saysUnavailable(given.accounts.findSignedIn),
    },
    clients: { ...given.clients, find: saysUnavailable(given.clients.find) },
  }
  const provider = new Provider(parts.settings.issuer, configuration(parts))
  // X-Forwarded-* reach the library only after the door has made them true (`web/door.ts`).
  provider.proxy = true
  adjustClients(provider, parts.clients)
  return provider
}

function configuration(parts: ProviderParts): Configuration {
  const { settings, apis, accounts, pages } = parts
  const { lifetimes } = settings
  const secretMethods: ClientAuthMethod[] = ['client_secret_basic', 'client_secret_post', 'none']
  return {
    adapter: adapters(parts),
    jwks: { keys: signingKeys(parts.ring) },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: secretMethods,
    enabledJWA: { idTokenSigningAlgValues: [...idTokenAlgorithms] },
    extraClientMetadata: { properties: [...extraMembers] },
    responseTypes: ['code'],
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: (ctx, origin, client) => mayCallFrom(origin, client, ctx.oidc.route),
    scopes: identityScopeNames,
    claims: {
      ...Object.fromEntries(Object.entries(identityScopes).map(([scope, { claims }]) => [scope, claims])),
      acr: null,
      amr: null,
      auth_time: null,
      sid: null,
    },
    acrValues: [passwordAcr],
    routes: { jwks: '/.well-known/jwks.json', userinfo: '/userinfo', revocation: '/revocation' },
    pkce: { required: (_ctx, client) => !(client as OurClient).pkce_exempt },
    features: {
      devInteractions: { enabled: false },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
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
    },
    // A refresh token hangs on the session, unless the person allowed `offline_access` (OpenID Connect Core s11).
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async (_ctx, source) => !source.scopes.has('offline_access'),
    // RFC 9700 s4.14.2: a public client's refresh token is rotated; a confidential client is authenticated at each use instead.
    rotateRefreshToken: (ctx) => ctx.oidc.client?.clientAuthMethod === 'none',
    findAccount: async (ctx, id, token) => {
      const account = await accounts.findSignedIn(id, signedInAt(ctx, token))
      if (!account) return undefined
      // False until a letter has shown it: clients link accounts by this claim.
      const claims = { sub: account.id, name: account.name, email: account.email, email_verified: false }
      return { accountId: account.id, roles: account.roles, claims: () => claims }
    },
    loadExistingGrant: existingGrant,
    formats: { customizers: { jwt: personClaims(apis) } },
    interactions: { policy: interactions(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: pages.error,
    cookies: cookies(parts),
    ttl: {
      AccessToken: (_ctx, token) => lifetimeOf(token),
      ClientCredentials: (_ctx, token) => lifetimeOf(token),
      AuthorizationCode: lifetimes.authorizationCodeSeconds,
      Grant: lifetimes.grantSeconds,
      IdToken: lifetimes.idTokenSeconds,
      Interaction: lifetimes.interactionSeconds,
      // The family's lifetime is absolute: a rotated token inherits what is left.
      RefreshToken: (ctx) => ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? lifetimes.refreshTokenSeconds,
      Session: lifetimes.sessionSeconds,
    },
  }
}

/** A code or a refresh token says when its person signed in; an access token was issued later than that; at the pages the session knows. */
function signedInAt(ctx: KoaContextWithOIDC, token: { authTime?: number; iat?: number } | undefined): number | undefined {
  return token ? (token.authTime ?? token.iat) : ctx.oidc.session?.loginTs
}

function lifetimeOf({ resourceServer }: { resourceServer?: { accessTokenTTL?: number } }): number {
  if (resourceServer?.accessTokenTTL === undefined) throw new TypeError('an access token without an API')
  return resourceServer.accessTokenTTL
}

/** The one way to sign in so far. `acr` names the method's strength to whoever asks for it (RFC 9470). */
export const passwordAcr = 'urn:signet:acr:password'

function adapters({ settings, masterSecret, ring, store, clients, now }: ProviderParts): (model: string) => Adapter {
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
    return withRefusalsSaid(volatileModels.has(model) ? passing : lasting)
  }
}

/** `__Host-` pins a cookie to this host and path (RFC 6265bis s4.1.3.2); the short ones have a path of their own, so `__Secure-` is theirs. */
function cookies({ settings: { development }, masterSecret }: ProviderParts): Configuration['cookies'] {
  const common = { httpOnly: true, sameSite: 'lax' as const, secure: !development, signed: true }
  const short = (name: string) => (development ? name : `__Secure-${name}`)
  return {
    keys: [deriveKey(masterSecret, 'cookies').toString('base64url')],
    names: { session: sessionCookieName(development), interaction: short('signet_interaction'), resume: short('signet_resume') },
    long: { ...common, path: '/' },
    short: common,
  }
}
