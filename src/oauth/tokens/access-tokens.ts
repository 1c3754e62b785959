/** Access tokens as JWTs (RFC 9068): what we add to them, and how this server reads its own. What became of them since says `living-tokens.ts`. */
import { jwtVerify } from 'jose'
import type { JWTStructured, KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { isCanonical } from '../../crypto/compact.ts'
import type { KeyRing } from '../../crypto/keyring.ts'
import type { Apis } from '../../permissions/apis.ts'
import { scopeOfClaim } from '../../permissions/scopes.ts'
import { type EncryptedTokens, isEncrypted } from './encrypted-tokens.ts'

type AnyToken = { kind: string; grantId?: string; sid?: string; aud?: string | string[]; inherited?: Inherited }
/** How a person signed in; on the code, a device's too, and from there on each refresh token. */
type SignInFacts = { authTime?: number; acr?: string; amr?: string[]; claims?: { userinfo?: Record<string, unknown> } }

/**
 * RFC 9068 s2.2.1: auth_time, acr and amr, which RFC 9470 step-up needs. `sid` names the sign-in that the token comes from, `grant` what it
 * hangs on, so that it can be revoked without ever having been stored. `roles` (RFC 9068 s2.2.3.1) where the API asks for them. A machine has none of these.
 * A token that was exchanged has its person's part from the one before, `sub` to the letter: it may be pairwise (`exchange.ts`).
 * `userinfo_claims` are the names of the claims parameter for userinfo (OpenID Connect Core s5.5), which is remembered nowhere else.
 */
export function personClaims(apis: Apis): (ctx: KoaContextWithOIDC, token: AnyToken, jwt: JWTStructured) => void {
  return (ctx, token, jwt) => {
    if (token.kind !== 'AccessToken') return
    const { entities } = ctx.oidc
    const { authTime, acr, amr, claims } = (entities.AuthorizationCode ??
      entities.RefreshToken ??
      entities.DeviceCode ??
      {}) as SignInFacts
    Object.assign(jwt.payload, { auth_time: authTime, acr, amr, sid: token.sid, grant: token.grantId })
    if (claims?.userinfo) jwt.payload.userinfo_claims = Object.keys(claims.userinfo).filter(scopeOfClaim)
    if (apis.find(String(token.aud))?.includeRoles) jwt.payload.roles = entities.Account?.roles
    Object.assign(jwt.payload, token.inherited)
  }
}

/** Who acts in whose name (RFC 8693 s4.1): a client, on behalf of the subject or of the actor before it. */
export interface Actor {
  sub: string
  act?: Actor
}

/** What an access token of this server says (RFC 9068 s2.2). Seconds since the epoch. */
export interface AccessTokenClaims {
  iss: string
  sub: string
  aud: string
  client_id: string
  jti: string
  iat: number
  exp: number
  scope?: string
  auth_time?: number
  acr?: string
  amr?: string[]
  sid?: string
  grant?: string
  roles?: string[]
  userinfo_claims?: string[]
  authorization_details?: Record<string, unknown>[]
  cnf?: { jkt?: string; 'x5t#S256'?: string }
  act?: Actor
}

/** What an exchanged token has from the token that was given for it. */
export type Inherited = Required<Pick<AccessTokenClaims, 'sub' | 'act'>> & Pick<AccessTokenClaims, 'auth_time' | 'acr' | 'amr'>

export interface AccessTokenReader {
  /** @returns the claims of a token that this issuer signed, in its one spelling, and that has not expired, or undefined for anything else. Does NOT check the audience, nor what became of it since. */
  read(token: string): Promise<AccessTokenClaims | undefined>
}

export interface ReaderParts {
  ring: KeyRing
  issuer: string
  encrypted: Pick<EncryptedTokens, 'open'>
  now: Clock
}

export function createAccessTokenReader({ ring, issuer, encrypted, now }: ReaderParts): AccessTokenReader {
  return {
    async read(token) {
      if (!isCanonical(token)) return undefined
      const signed = isEncrypted(token) ? encrypted.open(token) : token
      if (signed === undefined) return undefined
      try {
        const { payload } = await jwtVerify(signed, ({ kid = '', alg }) => publicKey(ring, kid, alg, signed), {
          issuer,
          typ: 'at+jwt',
          currentDate: new Date(now() * 1000),
          requiredClaims: ['sub', 'client_id', 'jti', 'exp', 'iat', 'aud'],
        })
        return payload as AccessTokenClaims & typeof payload
      } catch {
        return undefined
      }
    },
  }
}

function publicKey(ring: KeyRing, kid: string, algorithm: string, token: string) {
  const key = ring.byKid(kid)
  if (key?.algorithm !== algorithm) throw new TypeError('unknown key')
  const { modulusLength } = key.publicKey.asymmetricKeyDetails ?? {}
  const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
  // RFC 8017 s8.1.2. OpenSSL also takes a signature by PSS without its leading zeros: another spelling of the same token.
  if (modulusLength !== undefined && signature.length * 8 !== modulusLength) throw new TypeError('a signature of another length')
  return key.publicKey
}
