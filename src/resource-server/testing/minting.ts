/** Tokens made by hand: whatever is asked for is signed, right or wrong. */
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

export interface TestKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The types of tokens that it is published for alone. */
  readonly signs?: readonly string[]
}

/** A new ES256 key. */
export const testKey = (kid: string = randomUUID()): TestKey => ({ kid, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) })

/** One that signs API keys, and nothing else. */
export const testKeyOfKeys = (): TestKey => ({ ...testKey(), signs: ['api-key+jwt'] })

export const jwkOf = ({ kid, publicKey, signs }: TestKey) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg: 'ES256',
  use: 'sig',
  ...(signs && { signs }),
})

/** base64url of text as it is, and of anything else as JSON. */
export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const goodHeader = (key: TestKey) => ({ alg: 'ES256', typ: key.signs?.[0] ?? 'at+jwt', kid: key.kid })

/** A compact JWS. A member that is `undefined` is left out. */
export function signed(
  header: object | string,
  claims: object | string,
  key: TestKey,
  dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363',
): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding }).toString('base64url')}`
}

/** What a verifier accepts that takes a public key for a shared secret because the header says so. */
export function signedByHmac(header: object, claims: object, secret: string | Buffer): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
