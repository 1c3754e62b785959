/**
 * This server as a client of itself: how a person gets to a page of their account signed in. The page asks as any app does, so that all of the
 * sign-in counts there too: the guessing limits, a session that is there already, `prompt` and `max_age`. The answer is none but that the browser comes
 * back (`response_type=none`, OAuth 2.0 Multiple Response Type Encoding Practices s4): who is signed in is in the session. So there is no code
 * to be taken away, and no grant to be kept.
 *
 * Nobody else can be this client: nothing can be had in its name at the authorization endpoint but a way to our own pages, it has no grant type, and
 * nobody was ever told its secret. Its id is none that a registration can have, so it stands in no list of an operator's clients.
 */
import { randomBytes } from 'node:crypto'
import { type Client, errors, type Provider } from 'oidc-provider'
import { keysPath } from '../../accounts/told.ts'
import { digest } from '../../crypto/derive.ts'
import type { Settings } from '../../settings/load.ts'
import type { Clients } from './clients.ts'
import type { ClientMetadata } from './metadata.ts'

export const ownClientId = 'signet:account'

/** Pages that people are sent to signed in. */
export const ownPages = {
  account: '/account',
  name: '/account/name',
  email: '/account/email',
  password: '/account/password',
  delete: '/account/delete',
  keys: keysPath,
  newKey: `${keysPath}/new`,
} as const
export type OwnPage = (typeof ownPages)[keyof typeof ownPages]

const responseType = 'none'

/** Where a page sends whoever is not signed in, or not lately enough. @param maxAgeSeconds of the sign-in, as `max_age` */
export function signInFor(issuer: string, page: OwnPage, maxAgeSeconds?: number): string {
  const request = new URLSearchParams({
    client_id: ownClientId,
    response_type: responseType,
    scope: 'openid',
    redirect_uri: issuer + page,
    ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
  })
  return `/auth?${request}`
}

/** @returns the same clients, and this one */
export function withOwnClient(clients: Clients, { issuer, theme }: Pick<Settings, 'issuer' | 'theme'>): Clients {
  const own: ClientMetadata = {
    client_id: ownClientId,
    client_name: theme.title,
    application_type: 'web',
    grant_types: [],
    response_types: [responseType],
    redirect_uris: Object.values(ownPages).map((page) => issuer + page),
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: digest(randomBytes(32).toString('base64url')),
    apis: {},
    serves: [],
    exchanges: {},
    cors_origins: [],
    first_party: true,
    verified: true,
    pkce_exempt: false,
    profile: undefined,
  }
  const orOwn =
    (find: Clients['find']): Clients['find'] =>
    async (id) =>
      id === ownClientId ? own : find(id)
  return { ...clients, find: orOwn(clients.find), findAnew: orOwn(clients.findAnew) }
}

/** No other client gets that answer, and none is told that there is one. Rests on `responseTypeAllowed`, by which the library asks. */
export function keepOwnResponseType({ Client }: Provider): void {
  const prototype = Client.prototype as unknown as { responseTypeAllowed(this: Client, type: string): boolean }
  const { responseTypeAllowed } = prototype
  prototype.responseTypeAllowed = function (type) {
    if (type === responseType && this.clientId !== ownClientId) throw new errors.UnsupportedResponseType()
    return responseTypeAllowed.call(this, type)
  }
}
