/** How a client shows that it is itself at the token endpoint (OpenID Connect Core s9, RFC 8705 s2). */
import { type ClientKind, kindOf } from './kinds.ts'

export const clientAuthentications = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const
export type ClientAuthentication = (typeof clientAuthentications)[number]

/** Where in its certificate the one value stands that a client of `tls_client_auth` is known by (RFC 8705 s2.1.2). */
export const subjectFields = ['dn', 'dns', 'uri', 'ip', 'email'] as const
export type SubjectField = (typeof subjectFields)[number]

/** What a registration says of it, or what its kind does when it says nothing. */
export const authenticationOf = (client: {
  kind: ClientKind
  authentication?: ClientAuthentication | undefined
}): ClientAuthentication => client.authentication ?? (kindOf(client.kind).confidential ? 'client_secret_basic' : 'none')

export const hasSecret = (method: ClientAuthentication): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post'

/** Whether the registration has to hold the client's public keys for it. */
export const needsKeys = (method: ClientAuthentication): boolean =>
  method === 'private_key_jwt' || method === 'self_signed_tls_client_auth'
