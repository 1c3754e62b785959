/** Access tokens as JWTs (RFC 9068): what we add to them, and how this server reads its own where it is the resource (userinfo). */
import { jwtVerify } from 'jose'
import type { AdapterPayload, JWTStructured, KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../base/clock.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { Apis } from '../permissions/apis.ts'

type AnyToken = { kind: string; grantId?: string; sid?: string; aud?: string | string[] }
/** How a person signed in; on the code, a device's too, and from there on each refresh token. */
type SignInFacts = { authTime?: number; acr?: string; amr?: string[] }

/**
 * RFC 9068 s2.2.1: auth_time, acr and amr, which RFC 9470 step-up needs. `sid` and `grant` name what the token hangs on, so that it can
 * be revoked without ever having been stored. `roles` (RFC 9068 s2.2.3.1) where the API asks for them. A machine has none of these.
 */
export function personClaims(apis: Apis): (ctx: KoaContextWithOIDC, token: AnyToken, jwt: JWTStructured) => void {
  return (ctx, token, jwt) => {
    if (token.kind !== 'AccessToken') return
    const { entities } = ctx.oidc
    const { authTime, acr, amr } = (entities.AuthorizationCode ??
      entities.RefreshToken ??
      entities.DeviceCode ??
      {}) as SignInFacts
    Object.assign(jwt.payload, { auth_time: authTime, acr, amr, sid: token.sid, grant: token.grantId })
    if (apis.find(String(token.aud))?.includeRoles) jwt.payload.roles = entities.Account?.roles
  }
}

export interface AccessTokenReader {
  /** @returns the claims of a living access token of this issuer, or undefined for anything else. Does NOT check the audience, nor that its grant lives. */
  read(token: string): Promise<Record<string, unknown> | undefined>
}

export function createAccessTokenReader({ ring, issuer, now }: { ring: KeyRing; issuer: string; now: Clock }): AccessTokenReader {
  return {
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, ({ kid = '', alg }) => publicKey(ring, kid, alg), {
          issuer,
          typ: 'at+jwt',
          currentDate: new Date(now() * 1000),
          requiredClaims: ['sub', 'client_id', 'jti', 'exp', 'iat', 'aud'],
        })
        return payload
      } catch {
        return undefined
      }
    },
  }
}

function publicKey(ring: KeyRing, kid: string, algorithm: string) {
  const key = ring.byKid(kid)
  if (key?.algorithm !== algorithm) throw new TypeError('unknown key')
  return key.publicKey
}

/**
 * The library looks an access token up to answer userinfo; ours were never stored, so the look-up is a verification. The audience is left
 * out of what it is shown, because the library takes a token with one for somebody else's: the issuer is where all of them come from.
 */
export async function accessTokenPayload(reader: AccessTokenReader, token: string): Promise<AdapterPayload | undefined> {
  const claims = await reader.read(token)
  if (!claims || typeof claims.grant !== 'string') return undefined
  const { jkt, 'x5t#S256': x5t, ...unknown } = (claims.cnf ?? {}) as Record<string, unknown>
  if (Object.keys(unknown).length > 0) return undefined
  return {
    kind: 'AccessToken',
    jti: claims.jti,
    iat: claims.iat,
    exp: claims.exp,
    accountId: claims.sub,
    clientId: claims.client_id,
    grantId: claims.grant,
    scope: claims.scope,
    // The library asks for the proof of what the token is bound to (RFC 9449 s7, RFC 8705 s3).
    ...(jkt !== undefined && { jkt }),
    ...(x5t !== undefined && { 'x5t#S256': x5t }),
  } as AdapterPayload
}
