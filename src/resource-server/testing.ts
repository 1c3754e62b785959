/**
 * For tests of an API that the kit protects: an issuer in memory, without a network.
 *
 *     const issuer = createTestIssuer({ resource: notes })
 *     const api = createResourceServer({ ...issuer.options, resource: notes })
 *     await request(app, issuer.token({ scope: 'notes:read' }))      // 200
 *     for (const make of Object.values(issuer.bad)) …                // 401 each
 *     await issuer.revoke(token)                                     // 401 from here on, where the API follows what is revoked
 */
import { randomUUID } from 'node:crypto'
import { keyAround } from './api-key.ts'
import type { CredentialKind } from './auth.ts'
import type { Fetch } from './fetch-json.ts'
import type { KeyTimes } from './keys.ts'
import type { Resource } from './resource.ts'
import { type BadTokens, badTokens } from './testing/bad-tokens.ts'
import { goodHeader, jwkOf, signed, type TestKey, testKey, testKeyOfKeys } from './testing/minting.ts'
import { type Mutant, mutations } from './testing/mutations.ts'
import { testRevocations } from './testing/revocation-list.ts'
import { wellKnownUrl } from './url.ts'

export type { BadTokens, CredentialKind, Mutant }

export interface TestIssuerOptions {
  /** Whose tokens are made: what `defineResource` made, or its identifier. */
  resource: Resource<string> | string
  issuer?: string
  /** Seconds since the epoch. */
  now?(): number
}

export interface TestIssuer {
  readonly issuer: string
  /**
   * For `createResourceServer`: the issuer, a `fetch` that leads to it alone (its keys and its list of what was revoked), and keys that are asked for each
   * time, so that `rotate` counts at once.
   */
  readonly options: { issuer: string; fetch: Fetch; keys: Partial<KeyTimes>; now(): number }
  /** A good token of a person, with all scopes of the resource unless `scope` says otherwise. Claims are merged in; `undefined` takes one away. */
  token(claims?: Readonly<Record<string, unknown>>): string
  /** A good API key of a person, with all scopes of the resource, for 30 days; claims as with `token`. An API takes it that accepts `api_key`. */
  apiKey(claims?: Readonly<Record<string, unknown>>): string
  /**
   * Tokens that are nearly good, without end; all are to be refused but those that say `isGood`, one in a thousand.
   * @param accept what the API accepts: with `api_key` every other one is made from an API key
   */
  mutations(
    seed?: number,
    claims?: Readonly<Record<string, unknown>>,
    accept?: readonly CredentialKind[],
  ): Generator<Mutant, never>
  /** One maker for each kind of token that has to be refused. */
  readonly bad: BadTokens
  /**
   * Says on the issuer's list that this token or API key is dead. Once the promise is fulfilled, whoever follows the list (`revocations` of
   * `createResourceServer`) and has read it before knows.
   */
  revoke(token: string): Promise<void>
  /** Signs by new keys from now on; what those before signed stays good. */
  rotate(): void
  /** Withdraws every key so far, as after a theft: what they signed is refused, and new tokens are signed by new keys. */
  revokeKeys(): void
  /** While it is away, keys cannot be had; `false` brings it back. */
  away(isAway?: boolean): void
}

/** Only for tests: whoever holds this object makes tokens for anybody. */
export function createTestIssuer({ resource, issuer = 'https://issuer.test', ...options }: TestIssuerOptions): TestIssuer {
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  let keys = [testKey()]
  let keysOfKeys = [testKeyOfKeys()]
  let isAway = false
  const key = () => keys.at(-1) as TestKey
  const keyOfKeys = () => keysOfKeys.at(-1) as TestKey
  const claims = () => ({
    iss: issuer,
    aud: typeof resource === 'string' ? resource : resource.audience,
    sub: 'test-person',
    client_id: 'test-client',
    iat: now(),
    exp: now() + 300,
    jti: randomUUID(),
    scope: typeof resource === 'string' ? '' : [...resource.scopes.keys()].join(' '),
    auth_time: now(),
  })
  // Nobody signed in where a key is sent.
  const claimsOfKey = () => ({ ...claims(), client_id: 'signet:keys', exp: now() + 30 * 86_400, auth_time: undefined })
  // Where the server has them: what is told its addresses, and discovers nothing, finds them here too.
  const uris = { jwks_uri: `${issuer}/.well-known/jwks.json`, revocations_uri: `${issuer}/revocations` }
  const metadata = () => ({ issuer, ...uris })
  const documents: Record<string, () => unknown> = {
    [wellKnownUrl(issuer, 'oauth-authorization-server').href]: metadata,
    [`${issuer}/.well-known/openid-configuration`]: metadata,
    [uris.jwks_uri]: () => ({ keys: [...keys, ...keysOfKeys].map(jwkOf) }),
  }
  const revocations = testRevocations({ issuer, key, now })

  return {
    issuer,
    options: {
      issuer,
      now,
      keys: { maxAge: 0, cooldown: 0, staleIfError: 0 },
      async fetch(url, init) {
        if (isAway) throw new Error('the test issuer is away')
        if (url.split('?')[0] === uris.revocations_uri) return revocations.answer(new URL(url), init.signal)
        const document = documents[url]
        return document ? Response.json(document()) : new Response(undefined, { status: 404 })
      },
    },
    token: (more = {}) => signed(goodHeader(key()), { ...claims(), ...more }, key()),
    apiKey: (more = {}) => keyAround(signed(goodHeader(keyOfKeys()), { ...claimsOfKey(), ...more }, keyOfKeys())),
    bad: badTokens({ key, keyOfKeys, claims, claimsOfKey, now }),
    mutations: (seed = 1, more = {}, accept = ['access_token']) =>
      mutations({
        seed,
        accept,
        token: { key: key(), claims: () => ({ ...claims(), ...more }) },
        apiKey: { key: keyOfKeys(), claims: () => ({ ...claimsOfKey(), ...more }) },
      }),
    revoke: revocations.revoke,
    rotate() {
      keys = [...keys, testKey()]
      keysOfKeys = [...keysOfKeys, testKeyOfKeys()]
    },
    revokeKeys() {
      keys = [testKey()]
      keysOfKeys = [testKeyOfKeys()]
    },
    away(value = true) {
      isAway = value
    },
  }
}
