/** Who calls, and what they may: what a handler reads. */
import { boundKeyOf } from './bound-key.ts'
import type { JsonObject } from './compact.ts'

/** What a request was let in by: a token that an app was given, or a key that a person or an operator made. */
export type CredentialKind = 'access_token' | 'api_key'

export interface Auth<S extends string = string, C extends object = JsonObject> {
  readonly kind: CredentialKind
  /**
   * `sub`. Of a person where `isUser`, else of the client itself. Subjects and client ids are different name spaces:
   * what belongs to a person must be looked up by this value only where `isUser`.
   */
  readonly subject: string
  /** The app that the token was issued to. Behind a person's API key there is none: `signet:keys`, a name that no client can have. */
  readonly clientId: string
  /** The authorization of this client by this person, the same through all its refreshes. An API key has none. */
  readonly grant: string | undefined
  /** `sid`: the sign-in session that the token comes from. */
  readonly session: string | undefined
  /** The scopes of this API, the implied ones included. */
  readonly scopes: ReadonlySet<S>
  /** Whether a person stands behind the token; else the client acts for itself (RFC 9068 s2.2: `sub` is then the client). */
  readonly isUser: boolean
  /** Seconds since the epoch, as `authTime`. */
  readonly expiresAt: number
  readonly tokenId: string
  /** How the person signed in (OpenID Connect Core s2), where the issuer says it. */
  readonly acr: string | undefined
  readonly authTime: number | undefined
  /** The thumbprint (RFC 7638) of the key that the token is bound to, and that signed the proof of this request. */
  readonly boundTo: string | undefined
  /** All claims as the issuer signed them, or what the schema made of them; frozen. Without a schema, what is not named above was not looked at. */
  readonly claims: C
  /** @returns whether all of these scopes were granted */
  has(...all: S[]): boolean
}

/** The claims that are demanded of a token and were checked. */
export interface CheckedClaims {
  sub: string
  client_id: string
  exp: number
  jti: string
}

/** Claims that are optional count only where they have the type that their standard gives them. */
export function authOf<S extends string, C extends object>(
  claims: JsonObject & CheckedClaims,
  kind: CredentialKind,
  granted: ReadonlySet<S>,
  shown: C,
): Auth<S, C> {
  return Object.freeze({
    kind,
    subject: claims.sub,
    clientId: claims.client_id,
    grant: text(claims.grant),
    session: text(claims.sid),
    // A copy to read. Decisions are made by `has`, so that a handler which changes the set changes nothing for the next request.
    scopes: new Set(granted),
    isUser: claims.sub !== claims.client_id,
    expiresAt: claims.exp,
    tokenId: claims.jti,
    acr: text(claims.acr),
    authTime: Number.isSafeInteger(claims.auth_time) ? (claims.auth_time as number) : undefined,
    boundTo: boundKeyOf(claims),
    claims: deepFreeze(shown),
    has: (...all: S[]) => all.every((scope) => granted.has(scope)),
  })
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

// The same object answers for a token as long as it is cached.
function deepFreeze<T extends object>(value: T): T {
  for (const name in value) {
    const member = value[name]
    if (typeof member === 'object' && member !== null) deepFreeze(member)
  }
  return Object.freeze(value)
}
