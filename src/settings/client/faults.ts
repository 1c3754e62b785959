/** Members of a registration that have to fit one another: each rule with the path that it is said at. */
import { redirectUriFault } from '../uri.ts'
import { authenticationOf, type ClientAuthentication, hasSecret, needsKeys } from './authentication.ts'
import { type ClientKind, kindOf, type OptionalGrant } from './kinds.ts'

export interface Judged {
  kind: ClientKind
  grants: OptionalGrant[]
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  authentication?: ClientAuthentication | undefined
  secretDigests: unknown[]
  jwks?: unknown
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
  serves: string[]
  exchanges: Record<string, string[]>
  idTokenEncryption?: unknown
  userinfoEncryption?: unknown
  introspectionEncryption?: unknown
  authorizationEncryption?: unknown
  subjectType: 'public' | 'pairwise'
  sectorIdentifierUri?: string | undefined
}

export interface Fault {
  path: (string | number)[]
  message: string
}

export function clientFaults(client: Judged): Fault[] {
  return [...redirectFaults(client), ...credentialFaults(client), ...roleFaults(client), ...profileFaults(client)]
}

function redirectFaults(client: Judged): Fault[] {
  const faults: Fault[] = []
  for (const list of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[list].entries()) {
      const message = redirectUriFault(uri, client.kind === 'native')
      if (message) faults.push({ path: [list, index], message: `${JSON.stringify(uri)} ${message}` })
    }
  }
  const { redirects } = kindOf(client.kind)
  if (!redirects && client.redirectUris.length > 0)
    faults.push({ path: ['redirectUris'], message: `a ${client.kind} sends nobody anywhere` })
  if (redirects && client.redirectUris.length === 0) faults.push({ path: ['redirectUris'], message: 'needs at least one' })
  const hosts = new Set(client.redirectUris.map((uri) => URL.parse(uri)?.host))
  // OpenID Connect Registration s5 knows a sector by redirect URIs, and a device has none that anybody holds it to.
  if (client.subjectType === 'pairwise' && (!redirects || client.grants.includes('device_code')))
    faults.push({ path: ['subjectType'], message: 'pairwise subjects are for clients that are known by their redirect URIs' })
  // OpenID Connect Core s8.1: with several hosts the client has to say which of them it is known by.
  else if (client.subjectType === 'pairwise' && hosts.size !== 1 && !client.sectorIdentifierUri)
    faults.push({ path: ['sectorIdentifierUri'], message: 'pairwise subjects need it, unless all redirect URIs have one host' })
  return faults
}

function credentialFaults(client: Judged): Fault[] {
  const faults: Fault[] = []
  const method = authenticationOf(client)
  const { confidential } = kindOf(client.kind)
  if (confidential !== (method !== 'none')) {
    const message = confidential ? 'a confidential client has to authenticate' : `a ${client.kind} client cannot keep a secret`
    faults.push({ path: ['authentication'], message })
  }
  if (hasSecret(method) !== client.secretDigests.length > 0) {
    const message = hasSecret(method)
      ? 'a confidential client needs a secret'
      : `a client that authenticates by ${method} has no secret`
    faults.push({ path: ['secretDigests'], message })
  }
  const hasKeys = client.jwks !== undefined || client.jwksUri !== undefined
  if (client.jwks !== undefined && client.jwksUri !== undefined)
    faults.push({ path: ['jwks'], message: 'give jwks or jwksUri, not both' })
  const usesKeys =
    needsKeys(method) ||
    client.requireSignedRequests ||
    [client.idTokenEncryption, client.userinfoEncryption, client.introspectionEncryption, client.authorizationEncryption].some(
      Boolean,
    )
  if (usesKeys && !hasKeys) faults.push({ path: ['jwks'], message: 'this client needs jwks or jwksUri' })
  if ((method === 'tls_client_auth') !== (client.certificateSubject !== undefined))
    faults.push({ path: ['certificateSubject'], message: 'belongs to tls_client_auth, and only to it (RFC 8705 s2.1)' })
  return faults
}

function roleFaults(client: Judged): Fault[] {
  const faults: Fault[] = []
  const { mayAdd, serves } = kindOf(client.kind)
  for (const [index, grant] of client.grants.entries())
    if (!mayAdd.includes(grant)) faults.push({ path: ['grants', index], message: `is not for a ${client.kind}` })
  if (client.pkceExempt && client.kind !== 'web')
    faults.push({ path: ['pkceExempt'], message: 'only a web client can be exempt' })
  if (serves && client.serves.length === 0) faults.push({ path: ['serves'], message: 'name the APIs that it is' })
  if (!serves && client.serves.length > 0) faults.push({ path: ['serves'], message: 'only a client of kind api serves one' })
  if (!serves && Object.keys(client.exchanges).length > 0)
    faults.push({ path: ['exchanges'], message: 'only a client of kind api exchanges tokens' })
  return faults
}

/** FAPI 2.0 Security Profile s5.3.2 and s5.3.3: what the switch cannot set by itself. */
function profileFaults(client: Judged): Fault[] {
  if (client.profile !== 'fapi2') return []
  const faults: Fault[] = []
  const strong = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
  if (!strong.includes(authenticationOf(client)))
    faults.push({ path: ['authentication'], message: `with profile fapi2 it is one of ${strong.join(', ')}` })
  if (client.dpopBound === client.certificateBound)
    faults.push({ path: ['dpopBound'], message: 'profile fapi2 binds tokens: exactly one of dpopBound and certificateBound' })
  if (client.pkceExempt) faults.push({ path: ['pkceExempt'], message: 'profile fapi2 demands PKCE' })
  for (const name of ['idTokenAlgorithm', 'userinfoAlgorithm', 'introspectionAlgorithm', 'authorizationAlgorithm'] as const)
    if (client[name] === 'RS256') faults.push({ path: [name], message: 'profile fapi2 demands another than RS256' })
  for (const [index, uri] of client.redirectUris.entries())
    if (!uri.startsWith('https:')) faults.push({ path: ['redirectUris', index], message: 'profile fapi2 demands https' })
  return faults
}
