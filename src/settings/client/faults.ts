/** Members of a registration that have to fit one another: each rule with the path that it is said at. */
import type { JWK } from 'jose'
import type { EncryptionAlgorithm } from '../algorithms.ts'
import { keyMend, takesEncryption } from '../public-keys.ts'
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

interface Rule {
  /** Where one of these is faulty, the rule is not judged. */
  needs: (keyof JudgedClient)[]
  judge(client: JudgedClient, fault: SayFault): void
}

const encryptions = ['idTokenEncryption', 'userinfoEncryption', 'introspectionEncryption', 'authorizationEncryption'] as const
const algorithms = ['idTokenAlgorithm', 'userinfoAlgorithm', 'introspectionAlgorithm', 'authorizationAlgorithm'] as const
const credentials = ['secretDigests', 'jwks', 'jwksUri', 'certificateSubject', 'requireSignedRequests'] as const
const redirects = ['redirectUris', 'postLogoutRedirectUris', 'subjectType', 'sectorIdentifierUri'] as const

/** Says the faults of members that are sound each by itself. Does NOT judge what the settings around it have. */
export const clientRules: Rule[] = [
  { needs: ['kind', 'grants', ...redirects], judge: redirectFaults },
  { needs: ['kind', 'authentication', ...credentials, ...encryptions], judge: credentialFaults },
  { needs: ['jwks', ...encryptions], judge: encryptionFaults },
  { needs: ['kind', 'grants', 'pkceExempt', 'serves', 'exchanges'], judge: roleFaults },
  {
    needs: ['kind', 'authentication', 'profile', 'dpopBound', 'certificateBound', 'pkceExempt', 'redirectUris', ...algorithms],
    judge: profileFaults,
  },
]

function redirectFaults(client: JudgedClient, fault: SayFault): void {
  for (const list of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[list].entries()) {
      const message = redirectUriFault(uri, client.kind === 'native')
      if (message) fault([list, index], `${JSON.stringify(uri)} ${message}`, redirectMend(client.kind))
    }
  }
  const { redirects } = kindOf(client.kind)
  if (!redirects && client.redirectUris.length > 0)
    fault(
      ['redirectUris'],
      `a ${client.kind} sends nobody anywhere`,
      'Remove them, or choose a kind with a browser: web, spa or native.',
    )
  if (redirects && client.redirectUris.length === 0) fault(['redirectUris'], 'needs at least one', redirectMend(client.kind))
  const hosts = new Set(client.redirectUris.map((uri) => URL.parse(uri)?.host))
  // OpenID Connect Registration s5 knows a sector by redirect URIs, and a device has none that anybody holds it to.
  if (client.subjectType === 'pairwise' && (!redirects || client.grants.includes('device_code')))
    fault(
      ['subjectType'],
      'pairwise subjects are for clients that are known by their redirect URIs',
      'Write subjectType: public.',
    )
  // OpenID Connect Core s8.1: with several hosts the client has to say which of them it is known by.
  else if (client.subjectType === 'pairwise' && hosts.size !== 1 && !client.sectorIdentifierUri)
    fault(
      ['sectorIdentifierUri'],
      'pairwise subjects need it, unless all redirect URIs have one host',
      'Name an https address that answers with a JSON list of the redirect URIs.',
    )
}

function credentialFaults(client: JudgedClient, fault: SayFault): void {
  const method = authenticationOf(client)
  const { confidential } = kindOf(client.kind)
  if (confidential !== (method !== 'none')) {
    const message = confidential ? 'a confidential client has to authenticate' : `a ${client.kind} client cannot keep a secret`
    fault(
      ['authentication'],
      message,
      confidential
        ? 'Remove it, and the client authenticates by a secret.'
        : 'Remove it, or choose a kind that keeps secrets: web, machine or api.',
    )
  }
  if (hasSecret(method) !== client.secretDigests.length > 0) {
    const message = hasSecret(method)
      ? 'a confidential client needs a secret'
      : `a client that authenticates by ${method} has no secret`
    fault(['secretDigests'], message, hasSecret(method) ? secretMend : 'Remove secretDigests.')
  }
  const hasKeys = client.jwks !== undefined || client.jwksUri !== undefined
  if (client.jwks !== undefined && client.jwksUri !== undefined)
    fault(['jwks'], 'give jwks or jwksUri, not both', 'Remove one: jwksUri lets the client change its keys by itself.')
  const usesKeys = needsKeys(method) || client.requireSignedRequests || encryptionsOf(client).length > 0
  if (usesKeys && !hasKeys)
    fault(
      ['jwks'],
      'this client needs jwks or jwksUri',
      'Give its public keys as jwks: { keys: [ … ] }, or where it publishes them as jwksUri.',
    )
  if ((method === 'tls_client_auth') !== (client.certificateSubject !== undefined))
    fault(
      ['certificateSubject'],
      'belongs to tls_client_auth, and only to it (RFC 8705 s2.1)',
      'Give both: authentication: tls_client_auth and certificateSubject: { field: dns, value: app.example.com }; or neither.',
    )
}

const redirectMend = (kind: ClientKind): string =>
  kind === 'native'
    ? 'Write for example http://127.0.0.1/callback, com.example.app:/callback or https://app.example.com/callback.'
    : 'Write for example https://app.example.com/callback.'

const secretMend =
  'Put the digest of its secret there; config/signet.yaml shows how both are made. Or add the client by signet client add, which makes them.'

const encryptionsOf = (client: JudgedClient): EncryptionAlgorithm[] =>
  encryptions.flatMap((name) => client[name]?.algorithm ?? [])

/** What is encrypted to a client needs a key of its algorithm; the keys at a `jwksUri` show themselves when they are used. */
function encryptionFaults(client: JudgedClient, fault: SayFault): void {
  const { jwks } = client
  if (!jwks) return
  for (const algorithm of new Set(encryptionsOf(client)))
    if (!jwks.keys.some((key) => takesEncryption(key as JWK, algorithm)))
      fault(['jwks'], `has no key to encrypt to by ${algorithm}`, keyMend(algorithm))
}

function roleFaults(client: JudgedClient, fault: SayFault): void {
  const { mayAdd, serves } = kindOf(client.kind)
  for (const [index, grant] of client.grants.entries())
    if (!mayAdd.includes(grant))
      fault(
        ['grants', index],
        `is not for a ${client.kind}`,
        mayAdd.length > 0
          ? `Remove it; a ${client.kind} may add ${mayAdd.join(', ')}.`
          : `Remove it: a ${client.kind} adds none.`,
      )
  if (client.pkceExempt && client.kind !== 'web')
    fault(['pkceExempt'], 'only a web client can be exempt', 'Remove it: every library for this kind does PKCE.')
  if (serves && client.serves.length === 0)
    fault(
      ['serves'],
      'name the APIs that it is',
      'Write the identifiers of its APIs, for example serves: [https://api.example.com].',
    )
  if (!serves && client.serves.length > 0)
    fault(['serves'], 'only a client of kind api serves one', 'Remove it, or write kind: api.')
  if (!serves && Object.keys(client.exchanges).length > 0)
    fault(['exchanges'], 'only a client of kind api exchanges tokens', 'Remove it, or write kind: api.')
}

/** FAPI 2.0 Security Profile s5.3.2 and s5.3.3: what the switch cannot set by itself. */
function profileFaults(client: JudgedClient, fault: SayFault): void {
  if (client.profile !== 'fapi2') return
  const strong = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
  if (!strong.includes(authenticationOf(client)))
    fault(
      ['authentication'],
      `with profile fapi2 it is one of ${strong.join(', ')}`,
      'Write authentication: private_key_jwt and give jwks or jwksUri.',
    )
  if (client.dpopBound === client.certificateBound)
    fault(
      ['dpopBound'],
      'profile fapi2 binds tokens: exactly one of dpopBound and certificateBound',
      'Write dpopBound: true, or certificateBound: true behind a proxy that asks for certificates.',
    )
  if (client.pkceExempt) fault(['pkceExempt'], 'profile fapi2 demands PKCE', 'Remove pkceExempt.')
  for (const name of algorithms)
    if (client[name] === 'RS256') fault([name], 'profile fapi2 demands another than RS256', 'Write ES256.')
  for (const [index, uri] of client.redirectUris.entries())
    if (!uri.startsWith('https:'))
      fault(['redirectUris', index], 'profile fapi2 demands https', 'Name an https address, or remove the profile.')
}
