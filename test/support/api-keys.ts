/** API keys of a server in this process, what looks nearly like one, and parts of somebody who has none. */
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { toBase62 } from '../../src/crypto/base62.ts'
import { signatureBy } from '../../src/crypto/signature.ts'
import type { ApiKeyRow } from '../../src/store/store.ts'
import { type ApiKeyClaims, apiKeyType, writeKey } from '../../src/tokens/api-key.ts'
import type { ApiKeys } from '../../src/tokens/api-keys.ts'
import { api, declared, type TestServer } from './server.ts'
import { now } from './time.ts'

export const daySeconds = 86_400

/** The Notes API takes keys. */
export const takingKeys = { apis: declared.apis.map((one) => ({ ...one, apiKeys: one.identifier === api })) }

interface Changes {
  name?: string
  audience?: string
  scopes?: string[]
  expiresAt?: number
}

/** @returns the key of a person, by their address */
export async function personsKey({ parts }: TestServer, email: string, changes: Changes = {}): Promise<string> {
  const account = await parts.accounts.findByEmail(email)
  if (!account) throw new Error(`nobody is ${email}`)
  return (await parts.apiKeys.mint({ account }, { ...usual(), ...changes }, {})).key
}

export async function machinesKey({ parts }: TestServer, client: string, changes: Changes = {}): Promise<string> {
  return (await parts.apiKeys.mint({ client }, { ...usual(), ...changes }, {})).key
}

/** @param owner the id of an account, or of a client */
export async function keyOf(
  { parts }: Pick<TestServer, 'parts'>,
  owner: { account: string } | { client: string },
  changes: Changes = {},
): Promise<{ key: string; row: ApiKeyRow }> {
  const asked = { ...usual(), ...changes }
  if ('client' in owner) return parts.apiKeys.mint(owner, asked, {})
  const account = await parts.store.accounts.find(owner.account)
  if (!account) throw new Error(`there is no account ${owner.account}`)
  return parts.apiKeys.mint({ account }, asked, { actor: `account:${account.id}`, from: '192.0.2.1' })
}

/** For parts that a test puts together by itself. */
export const noKeys: Pick<ApiKeys, 'list' | 'endAll' | 'endBeyond' | 'endWhere'> = {
  list: async () => [],
  endAll: async () => 0,
  endBeyond: async () => 0,
  endWhere: async () => 0,
}

const usual = () => ({ name: 'A key', audience: api, scopes: ['notes:read'], expiresAt: now() + 30 * daySeconds })

export const claimsOf = (key: string): ApiKeyClaims => decodeJwt(key.slice('signet_'.length, -7))

/** The text in the wrapping of a key, with the checksum that it needs. */
export function wrapped(token: string): string {
  const body = `signet_${token}`
  return `${body}_${toBase62(crc32(body)).padStart(6, '0')}`
}

/** Each is refused before the store is asked of it. @param key a good one */
export async function badKeys({ parts }: TestServer, key: string, accessToken: string): Promise<Record<string, string>> {
  const token = key.slice('signet_'.length, -7)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = claimsOf(key)
  const ring = await parts.apiKeyRing()
  const ours = ring!.current('ES256')
  const sign = (data: Uint8Array) => signatureBy('ES256', ours.privateKey!, data)
  const { privateKey } = await generateKeyPair('ES256')
  const foreign = (kid: string) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: apiKeyType, kid }).sign(privateKey)
  const altered = Buffer.from(JSON.stringify({ ...claims, scope: 'notes:read notes:delete' })).toString('base64url')
  return {
    'no key': 'x',
    'a prefix alone': 'signet_',
    'a wrong checksum': `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
    'a wrong signature': wrapped(await foreign(ours.kid)),
    'an altered payload': wrapped(`${header}.${altered}.${signature}`),
    'an unknown kid': wrapped(await foreign('unknown')),
    'another issuer, by our own ring': await writeKey({ ...claims, iss: 'https://other.example.com' }, ours, sign),
    expired: await writeKey({ ...claims, exp: now() - 1 }, ours, sign),
    'from the future': await writeKey({ ...claims, iat: now() + 3_600 }, ours, sign),
    'an access token in its wrapping': wrapped(accessToken),
    'no algorithm': wrapped(
      `${Buffer.from(JSON.stringify({ alg: 'none', typ: apiKeyType })).toString('base64url')}.${payload}.${signature}`,
    ),
    'without its wrapping': token,
    'too long': wrapped(`${header}.${'eyJ'.padEnd(8_000, 'x')}.${signature}`),
  }
}

/** What SECURITY.md tells scanners: whoever changes either sees that keys are found no more. Finds one anywhere in a text. */
export const pattern = new RegExp(
  /^```\n(signet_.*)\n```$/m.exec(readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8'))?.[1] ?? '(?!)',
)
/** Nothing but a key. */
export const wholePattern = new RegExp(`^${pattern.source}$`)
