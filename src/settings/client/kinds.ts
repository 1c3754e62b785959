/** What a client is decides what it may do: one row per kind, and nothing else asks for a kind by its name. */

/** Grants by their names on the wire (RFC 6749, RFC 8628, RFC 8693). */
export const grantTypes = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  token_exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
} as const
export type GrantName = keyof typeof grantTypes

/** What a registration may add to its kind's grants. */
export const optionalGrants = ['client_credentials', 'device_code'] as const
export type OptionalGrant = (typeof optionalGrants)[number]

interface Kind {
  /** Can keep a secret (RFC 6749 s2.1). */
  confidential: boolean
  /** Signs people in by sending them to a redirect URI. */
  redirects: boolean
  grants: GrantName[]
  mayAdd: OptionalGrant[]
  /** Is a resource server: asks what its tokens are worth, exchanges them. */
  serves: boolean
}

const kinds = {
  /** Runs on a server. */
  web: {
    confidential: true,
    redirects: true,
    grants: ['authorization_code', 'refresh_token'],
    mayAdd: ['client_credentials'],
    serves: false,
  },
  /** Runs in a browser. */
  spa: { confidential: false, redirects: true, grants: ['authorization_code', 'refresh_token'], mayAdd: [], serves: false },
  /** An app on a device or a command line. */
  native: {
    confidential: false,
    redirects: true,
    grants: ['authorization_code', 'refresh_token'],
    mayAdd: ['device_code'],
    serves: false,
  },
  /** Has no browser of its own: a TV, a printer, a console. */
  device: { confidential: false, redirects: false, grants: ['device_code', 'refresh_token'], mayAdd: [], serves: false },
  /** Acts for itself; no person. */
  machine: { confidential: true, redirects: false, grants: ['client_credentials'], mayAdd: [], serves: false },
  /** An API that asks about the tokens it is given, and gets others for them. */
  api: { confidential: true, redirects: false, grants: [], mayAdd: ['client_credentials'], serves: true },
} satisfies Record<string, Kind>

export type ClientKind = keyof typeof kinds
export const clientKinds = Object.keys(kinds) as ClientKind[]
export const kindOf = (kind: ClientKind): Kind => kinds[kind]

/** All grants of a client: its kind's, and what its registration adds to them. */
export const grantNamesOf = ({ kind, grants }: { kind: ClientKind; grants: readonly OptionalGrant[] }): GrantName[] => [
  ...kindOf(kind).grants,
  ...grants,
]
