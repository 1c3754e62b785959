/** Settings and parts -> oidc-provider. Reads as the list of what is on; the switches themselves are in `features.ts`. */

import type { Middleware } from 'koa'
import {
  type ClientAuthMethod,
  type Configuration,
  type ExternalSigningKey,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { claimsOf } from '../accounts/claims.ts'
import { takesApiKeys } from '../permissions/apis.ts'
import { identityScopeNames, identityScopes } from '../permissions/scopes.ts'
import type { Account } from '../store/store.ts'
import { createRevocations } from '../tokens/revocation.ts'
import { enabledAlgorithms } from './algorithms.ts'
import { extraMembers } from './clients/metadata.ts'
import { adjustClients } from './clients/model.ts'
import { mutualTlsMethods } from './clients/mutual-tls.ts'
import type { OurClient } from './clients/our-client.ts'
import { keepOwnResponseType, withOwnClient } from './clients/own-client.ts'
import { pairwiseSubjects } from './clients/subject.ts'
import { openDetails } from './consent/rich-requests.ts'
import { cookies, interactionPath } from './cookies.ts'
import { sayInterval } from './device-flow.ts'
import { features } from './features.ts'
import type { ProviderParts } from './parts.ts'
import { possibleAcrs } from './policy/acr.ts'
import { answerBeforeUse, refuseUnanswerable } from './policy/answerable.ts'
import { assertionDemands } from './policy/client-jwts.ts'
import { mayCallFrom } from './policy/cors.ts'
import { codeLifetimeSeconds } from './policy/fapi.ts'
import { refuseFormerAddresses } from './policy/former-addresses.ts'
import { existingGrant } from './policy/grants.ts'
import { interactions } from './policy/prompts.ts'
import { judgeRequests } from './policy/requests.ts'
import { type Adapters, adapters } from './records/adapters.ts'
import { rememberVersions } from './records/grant-adapter.ts'
import { remainingSeconds, sessionLifetime } from './records/lifetimes.ts'
import { refuseReplays } from './records/replays.ts'
import { sealCodes } from './records/sealed-codes.ts'
import { nameSessions } from './records/sign-ins.ts'
import { partsWithRefusalsSaid } from './records/unavailable.ts'
import { serveFrom, signingKeys } from './signing-keys.ts'
import { personClaims } from './tokens/access-tokens.ts'
import { createEncryptedTokens, encryptAccessTokens } from './tokens/encrypted-tokens.ts'
import { exchangeTokens } from './tokens/exchange.ts'
import { answerTokenQuestions } from './tokens/questions.ts'

export interface Protocol {
  provider: Provider
  /** Stands before the library's router, and inside whatever says a refusal. */
  questions: Middleware
}

export function createProvider(given: ProviderParts): Protocol {
  const said = partsWithRefusalsSaid(given)
  const parts = { ...said, clients: withOwnClient(said.clients, said.settings) }
  const { issuer } = parts.settings
  const encrypted = createEncryptedTokens(parts.secrets, issuer)
  const revocations = createRevocations(parts.store, parts.now, { later: parts.later })
  const kept = adapters(parts, { encrypted, revocations })
  const keys = signingKeys(parts.ring, parts.signatures)
  const provider = new Provider(issuer, configuration(parts, kept, keys))
  serveFrom(keys)
  // X-Forwarded-* reach the library only after the door has made them true (`web/door.ts`).
  provider.proxy = true
  judgeRequests(provider)
  adjustClients(provider, parts)
  keepOwnResponseType(provider)
  rememberVersions(provider)
  nameSessions(provider)
  refuseFormerAddresses(provider)
  sealCodes(provider, kept.codes)
  exchangeTokens(provider, parts, kept.livingTokens)
  encryptAccessTokens(provider, parts.apis, encrypted)
  sayInterval(provider)
  refuseReplays(provider)
  answerBeforeUse(provider, parts)
  return {
    provider,
    questions: answerTokenQuestions(provider, { living: kept.livingTokens, apiKeys: parts.apiKeys, revocations }),
  }
}

function configuration(parts: ProviderParts, { adapterOf, refreshTokens }: Adapters, keys: ExternalSigningKey[]): Configuration {
  const { settings, apis, accounts, pages, now } = parts
  const { lifetimes } = settings
  const demanded = assertionDemands(settings.issuer, now)
  const withoutCertificate: ClientAuthMethod[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
  const acrs = possibleAcrs(settings.signIn)
  const policy = interactions(acrs, (ctx) => openDetails(apis, ctx).length > 0)
  return {
    adapter: adapterOf,
    // Initiating User Registration via OpenID Connect 1.0 s4.1 has the member; `create` itself is not on.
    discovery: {
      prompt_values_supported: ['none', ...policy.map(({ name }) => name)],
      // Of our own (docs/revocation.md).
      revocations_uri: `${settings.issuer}/revocations`,
      ...(takesApiKeys(settings) && { api_key_leak_uri: `${settings.issuer}/api-keys/leaked` }),
    },
    jwks: { keys },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: [...withoutCertificate, ...mutualTlsMethods(settings)],
    assertJwtClientAuthClaimsAndHeader: (ctx, claims, header, client) => demanded(ctx, claims, header, client as OurClient),
    enabledJWA: enabledAlgorithms(),
    extraClientMetadata: { properties: [...extraMembers] },
    // `none` is for our own pages alone (`clients/own-client.ts`).
    responseTypes: ['code', 'none'],
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: (ctx, origin, client) => mayCallFrom(origin, client as OurClient, ctx.oidc.route),
    scopes: identityScopeNames,
    claims: {
      ...Object.fromEntries(Object.entries(identityScopes).map(([scope, { claims }]) => [scope, Object.keys(claims)])),
      acr: null,
      amr: null,
      auth_time: null,
      sid: null,
    },
    acrValues: acrs,
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: pairwiseSubjects(parts.keptKeys.subjects),
    // The library hands over a dispatcher of its own, which guards by looking at the socket; ours decides before there is one.
    fetch: parts.outgoing,
    routes: {
      jwks: '/.well-known/jwks.json',
      userinfo: '/userinfo',
      introspection: '/introspection',
      revocation: '/revocation',
      pushed_authorization_request: '/par',
    },
    pkce: { required: (_ctx, client) => !(client as OurClient).pkce_exempt },
    features: features(parts),
    // A refresh token hangs on the session, unless the person allowed `offline_access` (OpenID Connect Core s11).
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async (_ctx, source) => !source.scopes.has('offline_access'),
    rotateRefreshToken: async (ctx) => {
      await refuseUnanswerable(parts, ctx, ctx.oidc.entities.RefreshToken!)
      return refreshTokens.rotates(ctx)
    },
    findAccount: async (ctx, id, token) => {
      const account = await accounts.findSignedIn(id, signedInAt(ctx, token))
      if (!account) return undefined
      return { accountId: account.id, roles: account.roles, claims: personClaimsOf(account) }
    },
    loadExistingGrant: existingGrant,
    formats: { customizers: { jwt: personClaims(apis) } },
    interactions: {
      policy,
      url: (_ctx, interaction) => interactionPath(interaction.uid),
    },
    renderError: pages.error,
    cookies: cookies(parts),
    ttl: {
      AccessToken: (_ctx, token) => lifetimeOf(token),
      ClientCredentials: (_ctx, token) => lifetimeOf(token),
      DeviceCode: lifetimes.deviceCodeSeconds,
      AuthorizationCode: (_ctx, _code, client) => codeLifetimeSeconds(lifetimes.authorizationCodeSeconds, client as OurClient),
      Grant: lifetimes.grantSeconds,
      IdToken: lifetimes.idTokenSeconds,
      Interaction: lifetimes.interactionSeconds,
      RefreshToken: refreshTokens.lifetimeSeconds,
      Session: (_ctx, session) => remainingSeconds(sessionLifetime(settings), session.loginTs ?? now(), now()),
    },
  }
}

/**
 * OpenID Connect Core s5.4: what a scope releases is answered at userinfo. An ID token says what was asked for it by name, and no more: it
 * travels through browsers, as a hint in addresses too.
 */
function personClaimsOf(account: Account) {
  const all = claimsOf(account)
  return (use: string, _scope: string, asked: object) =>
    use === 'id_token' ? { sub: all.sub, ...Object.fromEntries(Object.entries(all).filter(([name]) => name in asked)) } : all
}

/** A code or a refresh token says when its person signed in; at the pages the session knows. */
function signedInAt(
  ctx: KoaContextWithOIDC,
  token: { kind?: string; authTime?: number; iat?: number } | undefined,
): number | undefined {
  // Judged when it was found (`tokens/living-tokens.ts`), by the sign-in that it names: the second in which it was issued says less.
  if (token?.kind === 'AccessToken') return Number.POSITIVE_INFINITY
  return token ? (token.authTime ?? token.iat) : ctx.oidc.session?.loginTs
}

function lifetimeOf({ resourceServer }: { resourceServer?: { accessTokenTTL?: number } }): number {
  if (resourceServer?.accessTokenTTL === undefined) throw new TypeError('an access token without an API')
  return resourceServer.accessTokenTTL
}
