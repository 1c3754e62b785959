/** A registration in the library's terms (OpenID Connect Dynamic Client Registration s2 and the standards that add to it). */
import type { AllClientMetadata } from 'oidc-provider'
import { authenticationOf, hasSecret } from '../../settings/client/authentication.ts'
import { type GrantName, grantNamesOf, grantTypes, kindOf } from '../../settings/client/kinds.ts'
import type { ClientRegistration, ClientSecret } from '../../settings/client/registration.ts'
import { isFapi } from '../policy/fapi.ts'

/** Members of a client that the library does not know; it carries them as they are. */
export const extraMembers = [
  'apis',
  'serves',
  'exchanges',
  'cors_origins',
  'first_party',
  'verified',
  'pkce_exempt',
  'profile',
] as const

export type ClientMetadata = AllClientMetadata & {
  client_id: string
  apis: ClientRegistration['apis']
  serves: string[]
  exchanges: ClientRegistration['exchanges']
  cors_origins: string[]
  first_party: boolean
  verified: boolean
  pkce_exempt: boolean
  profile: ClientRegistration['profile']
}

export function clientMetadata(registration: ClientRegistration): ClientMetadata {
  const { kind, redirectUris, certificateSubject: subject } = registration
  const method = authenticationOf(registration)
  const grants = grantsOf(registration)
  const members: ClientMetadata = {
    client_id: registration.id,
    client_name: registration.name,
    // What runs on a device asks for consent each time: anybody may pose as it (RFC 8252 s8.6, RFC 8628 s5.4).
    application_type: kind === 'native' || grants.includes('device_code') ? 'native' : 'web',
    grant_types: grants.map((grant) => grantTypes[grant]),
    response_types: kindOf(kind).redirects ? ['code'] : [],
    redirect_uris: redirectUris,
    post_logout_redirect_uris: registration.postLogoutRedirectUris,
    // The library takes a secret by Basic and by post alike, whichever of the two is registered.
    token_endpoint_auth_method: method,
    // Digests, where the library keeps the secret itself: see `matchesSecret`. No HMAC algorithm is on that could use it as a key.
    client_secret: hasSecret(method) ? secretsText(registration.secretDigests) : undefined,
    jwks: registration.jwks as ClientMetadata['jwks'],
    jwks_uri: registration.jwksUri,
    ...(subject && { [subjectMembers[subject.field]]: subject.value }),
    dpop_bound_access_tokens: registration.dpopBound,
    tls_client_certificate_bound_access_tokens: registration.certificateBound,
    // FAPI 2.0 Security Profile s5.3.2.2: requests come by PAR alone.
    require_pushed_authorization_requests: registration.requirePushedRequests || isFapi(registration),
    require_signed_request_object: registration.requireSignedRequests,
    subject_type: registration.subjectType,
    sector_identifier_uri: registration.sectorIdentifierUri,
    authorization_details_types: registration.authorizationDetailsTypes,
    ...answers(registration),
    default_max_age: registration.defaultMaxAgeSeconds,
    backchannel_logout_uri: registration.backchannelLogoutUri,
    backchannel_logout_session_required: registration.backchannelLogoutSessionRequired,
    logo_uri: registration.logo,
    policy_uri: registration.policyUri,
    tos_uri: registration.tosUri,
    apis: registration.apis,
    serves: registration.serves,
    exchanges: registration.exchanges,
    cors_origins: registration.corsOrigins,
    first_party: registration.firstParty,
    verified: registration.verified,
    pkce_exempt: registration.pkceExempt,
    profile: registration.profile,
  }
  // The library takes a member that is there without a value for a wrong one.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ClientMetadata
}

function grantsOf(registration: ClientRegistration): GrantName[] {
  const all = grantNamesOf(registration)
  if (Object.keys(registration.exchanges).length > 0) all.push('token_exchange')
  return [...new Set(all)]
}

/** RFC 8705 s2.1.2. */
const subjectMembers = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
} as const

/** How this server's answers are signed for the client, and encrypted to it. */
function answers(registration: ClientRegistration): Partial<AllClientMetadata> {
  const { idTokenAlgorithm, userinfoAlgorithm, introspectionAlgorithm, authorizationAlgorithm } = registration
  return {
    id_token_signed_response_alg: idTokenAlgorithm,
    id_token_encrypted_response_alg: registration.idTokenEncryption?.algorithm,
    id_token_encrypted_response_enc: registration.idTokenEncryption?.encoding,
    userinfo_signed_response_alg: userinfoAlgorithm ?? (registration.userinfoEncryption && idTokenAlgorithm),
    userinfo_encrypted_response_alg: registration.userinfoEncryption?.algorithm,
    userinfo_encrypted_response_enc: registration.userinfoEncryption?.encoding,
    introspection_signed_response_alg: introspectionAlgorithm ?? idTokenAlgorithm,
    introspection_encrypted_response_alg: registration.introspectionEncryption?.algorithm,
    introspection_encrypted_response_enc: registration.introspectionEncryption?.encoding,
    authorization_signed_response_alg: authorizationAlgorithm ?? idTokenAlgorithm,
    authorization_encrypted_response_alg: registration.authorizationEncryption?.algorithm,
    authorization_encrypted_response_enc: registration.authorizationEncryption?.encoding,
  }
}

/** What stands in the library's `client_secret`: for each live secret its digest, and after a colon its end if it has one. */
const secretsText = (secrets: ClientSecret[]): string =>
  secrets.map(({ digest, expiresAt }) => (expiresAt === undefined ? digest : `${digest}:${expiresAt}`)).join(' ')
