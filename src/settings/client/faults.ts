/** Members of a registration that have to fit one another: each rule with the path that it is said at. */
import type { JWK } from 'jose'
import type { EncryptionAlgorithm } from '../algorithms.ts'
import { takesEncryption } from '../public-keys.ts'
import type { SayFault } from '../sound.ts'
import { redirectUriFault } from '../uri.ts'
import { authenticationOf, type ClientAuthentication, hasSecret, needsKeys } from './authentication.ts'
import { type ClientKind, kindOf, type OptionalGrant } from './kinds.ts'

type Encrypted = { algorithm: EncryptionAlgorithm } | undefined

export interface JudgedClient {
  kind: ClientKind
  grants: OptionalGrant[]
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  authentication?: ClientAuthentication | undefined
  secretDigests: unknown[]
  jwks?: { keys: object[] } | undefined
  jwksUri?: string | undefined
  certificateSubject?: unknown
  pkceExempt: boolean
  profile?: 'fapi2' | undefined
  dpopBound: boolean
  certificateBound: boolean
  requireSignedRequests: boolean
  idTokenAlgorithm: string
  userinfoAlgorithm?: string | undefined
  introspectionAlgorithm?: string | undefined
  authorizationAlgorithm?: string | undefined
  idTokenEncryption?: Encrypted
  userinfoEncryption?: Encrypted
  introspectionEncryption?: Encrypted
  authorizationEncryption?: Encrypted
  serves: string[]
  exchanges: Record<string, string[]>
  subjectType: 'public' | 'pairwise'
  sectorIdentifierUri?: string | undefined
}

const members: Record<keyof JudgedClient, true> = {
  kind: true,
  grants: true,
  redirectUris: true,
  postLogoutRedirectUris: true,
  authentication: true,
  secretDigests: true,
  jwks: true,
  jwksUri: true,
  certificateSubject: true,
  pkceExempt: true,
  profile: true,
  dpopBound: true,
  certificateBound: true,
  requireSignedRequests: true,
  idTokenAlgorithm: true,
  userinfoAlgorithm: true,
  introspectionAlgorithm: true,
  authorizationAlgorithm: true,
  idTokenEncryption: true,
  userinfoEncryption: true,
  introspectionEncryption: true,
  authorizationEncryption: true,
  serves: true,
  exchanges: true,
  subjectType: true,
  sectorIdentifierUri: true,
}
/** Where one of them is faulty, the rules are not judged. */
export const judgedMembers = Object.keys(members)

export function clientFaults(client: JudgedClient, fault: SayFault): void {
  redirectFaults(client, fault)
  credentialFaults(client, fault)
  encryptionFaults(client, fault)
  roleFaults(client, fault)
  profileFaults(client, fault)
}

function redirectFaults(client: JudgedClient, fault: SayFault): void {
  for (const list of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[list].entries()) {
      const message = redirectUriFault(uri, client.kind === 'native')
      if (message) fault([list, index], `${JSON.stringify(uri)} ${message}`)
    }
  }
  const { redirects } = kindOf(client.kind)
  if (!redirects && client.redirectUris.length > 0) fault(['redirectUris'], `a ${client.kind} sends nobody anywhere`)
  if (redirects && client.redirectUris.length === 0) fault(['redirectUris'], 'needs at least one')
  const hosts = new Set(client.redirectUris.map((uri) => URL.parse(uri)?.host))
  // OpenID Connect Registration s5 knows a sector by redirect URIs, and a device has none that anybody holds it to.
  if (client.subjectType === 'pairwise' && (!redirects || client.grants.includes('device_code')))
    fault(['subjectType'], 'pairwise subjects are for clients that are known by their redirect URIs')
  // OpenID Connect Core s8.1: with several hosts the client has to say which of them it is known by.
  else if (client.subjectType === 'pairwise' && hosts.size !== 1 && !client.sectorIdentifierUri)
    fault(['sectorIdentifierUri'], 'pairwise subjects need it, unless all redirect URIs have one host')
}

function credentialFaults(client: JudgedClient, fault: SayFault): void {
  const method = authenticationOf(client)
  const { confidential } = kindOf(client.kind)
  if (confidential !== (method !== 'none')) {
    const message = confidential ? 'a confidential client has to authenticate' : `a ${client.kind} client cannot keep a secret`
    fault(['authentication'], message)
  }
  if (hasSecret(method) !== client.secretDigests.length > 0) {
    const message = hasSecret(method)
      ? 'a confidential client needs a secret'
      : `a client that authenticates by ${method} has no secret`
    fault(['secretDigests'], message)
  }
  const hasKeys = client.jwks !== undefined || client.jwksUri !== undefined
  if (client.jwks !== undefined && client.jwksUri !== undefined) fault(['jwks'], 'give jwks or jwksUri, not both')
  const usesKeys = needsKeys(method) || client.requireSignedRequests || encryptionsOf(client).length > 0
  if (usesKeys && !hasKeys) fault(['jwks'], 'this client needs jwks or jwksUri')
  if ((method === 'tls_client_auth') !== (client.certificateSubject !== undefined))
    fault(['certificateSubject'], 'belongs to tls_client_auth, and only to it (RFC 8705 s2.1)')
}

const encryptionsOf = (client: JudgedClient): EncryptionAlgorithm[] =>
  [client.idTokenEncryption, client.userinfoEncryption, client.introspectionEncryption, client.authorizationEncryption].flatMap(
    (one) => one?.algorithm ?? [],
  )

/** What is encrypted to a client needs a key of its algorithm; the keys at a `jwksUri` show themselves when they are used. */
function encryptionFaults(client: JudgedClient, fault: SayFault): void {
  const { jwks } = client
  if (!jwks) return
  for (const algorithm of new Set(encryptionsOf(client)))
    if (!jwks.keys.some((key) => takesEncryption(key as JWK, algorithm)))
      fault(['jwks'], `has no key to encrypt to by ${algorithm}`)
}

function roleFaults(client: JudgedClient, fault: SayFault): void {
  const { mayAdd, serves } = kindOf(client.kind)
  for (const [index, grant] of client.grants.entries())
    if (!mayAdd.includes(grant)) fault(['grants', index], `is not for a ${client.kind}`)
  if (client.pkceExempt && client.kind !== 'web') fault(['pkceExempt'], 'only a web client can be exempt')
  if (serves && client.serves.length === 0) fault(['serves'], 'name the APIs that it is')
  if (!serves && client.serves.length > 0) fault(['serves'], 'only a client of kind api serves one')
  if (!serves && Object.keys(client.exchanges).length > 0) fault(['exchanges'], 'only a client of kind api exchanges tokens')
}

/** FAPI 2.0 Security Profile s5.3.2 and s5.3.3: what the switch cannot set by itself. */
function profileFaults(client: JudgedClient, fault: SayFault): void {
  if (client.profile !== 'fapi2') return
  const strong = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
  if (!strong.includes(authenticationOf(client)))
    fault(['authentication'], `with profile fapi2 it is one of ${strong.join(', ')}`)
  if (client.dpopBound === client.certificateBound)
    fault(['dpopBound'], 'profile fapi2 binds tokens: exactly one of dpopBound and certificateBound')
  if (client.pkceExempt) fault(['pkceExempt'], 'profile fapi2 demands PKCE')
  for (const name of ['idTokenAlgorithm', 'userinfoAlgorithm', 'introspectionAlgorithm', 'authorizationAlgorithm'] as const)
    if (client[name] === 'RS256') fault([name], 'profile fapi2 demands another than RS256')
  for (const [index, uri] of client.redirectUris.entries())
    if (!uri.startsWith('https:')) fault(['redirectUris', index], 'profile fapi2 demands https')
}
