/**
 * The session of a browser with this app, kept in the browser: this app has no database.
 * Encrypted, since it holds tokens: signed alone, anybody who gets to see the cookie, in a log or a proxy, could use them.
 * `base64url(iv (12) | tag (16) | ciphertext)`, AES-256-GCM. An app with many tokens keeps sessions on the server, and an id in the cookie.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Context } from 'koa'

/** A sign-in that has begun. One at a time: a second tab that begins another one makes the first start over. */
export interface Pending {
  state: string
  nonce: string
  codeVerifier: string
}

export interface SignedIn {
  sub: string
  name: string
  email?: string | undefined
  accessToken: string
  refreshToken?: string | undefined
  idToken: string
}

export interface Session {
  pending?: Pending | undefined
  signedIn?: SignedIn | undefined
}

export interface Sessions {
  read(ctx: Context): Session
  /** @throws RangeError when the session does not fit a cookie; a browser would drop it without a word */
  write(ctx: Context, session: Session): void
}

/** Cookies ignore ports: whatever else runs on localhost gets this one as well, and must not share its name. */
export const COOKIE = 'sample_client_session'
/** What browsers keep of a cookie, name and value together. */
const LARGEST_COOKIE = 4096

export function createSessions(cookieKey: string | undefined, secure: boolean): Sessions {
  const { seal, open } = sealer(cookieKey ?? randomBytes(32))
  return {
    read(ctx) {
      return (open(ctx.cookies.get(COOKIE) ?? '') as Session | undefined) ?? {}
    },
    write(ctx, session) {
      const value = seal(session)
      if (COOKIE.length + value.length > LARGEST_COOKIE) throw new RangeError('The session does not fit a cookie')
      // Lax, not Strict: the browser must send it when it comes back from the authorization server.
      ctx.cookies.set(COOKIE, value, { httpOnly: true, sameSite: 'lax', secure, overwrite: true })
    },
  }
}

/** @param secret of any form, at least 32 bytes of chance in it */
export function sealer(secret: string | Buffer): { seal(value: unknown): string; open(sealed: string): unknown } {
  const key = Buffer.from(hkdfSync('sha256', secret, '', COOKIE, 32))
  return {
    seal(value) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const ciphertext = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url')
    },
    /** @returns undefined for whatever was not sealed with this key: an old cookie is no error, only no session */
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < 28 || bytes.toString('base64url') !== sealed) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 }).setAuthTag(
        bytes.subarray(12, 28),
      )
      try {
        return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString())
      } catch {
        return undefined
      }
    },
  }
}
