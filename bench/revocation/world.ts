/** Ten million tokens that live at once, one in a hundred of them ended: by number, since nothing of them is stored. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export const liveTokens = 10_000_000
export const revokedOneIn = 100
export const audience = 'https://api.example.com'

/** As the server writes them: random, and of these lengths. A person's authorization of an app has one token alive. */
export function claimsOf(number: number, issuer: string, now: number) {
  const name = (what: string) => `${what}${number.toString(36).padStart(18, '0')}`
  return {
    iss: issuer,
    sub: name('sub_'),
    aud: audience,
    client_id: `client-${number % 50}`,
    exp: now + 900,
    iat: now,
    jti: name('jti_'),
    scope: 'notes:read',
    auth_time: now - 60,
    acr: 'urn:example:password',
    sid: name('sid_'),
    grant: name('grt_'),
  }
}

/** What ended: mostly authorizations, then single tokens, then people. @param at counts what ended, from 0 on */
export function endedAt(at: number, issuer: string, now: number): { kind: 'grant' | 'token' | 'subject'; value: string } {
  const { grant, jti, sub } = claimsOf(at * revokedOneIn, issuer, now)
  const tenth = at % 20
  if (tenth === 0) return { kind: 'subject', value: sub }
  return tenth <= 5 ? { kind: 'token', value: jti } : { kind: 'grant', value: grant }
}

export interface BenchKey {
  privateKey: KeyObject
  jwk: Record<string, unknown> & { kid: string }
}

export function makeKey(kid: string): BenchKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } }
}

export function signed({ privateKey, jwk: { kid } }: BenchKey, typ: string, payload: object): string {
  const parts = [{ alg: 'ES256', typ, kid }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const data = parts.join('.')
  return `${data}.${sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
