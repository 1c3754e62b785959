/**
 * For tests of an API that the kit protects: an issuer in memory, without a network.
 *
 *     const issuer = createTestIssuer({ resource: notes })
 *     const api = createResourceServer({ ...issuer.options, resource: notes })
 *     await request(app, issuer.token({ scope: 'notes:read' }))      // 200
 *     for (const make of Object.values(issuer.bad)) …                // 401 each
 */
import { randomUUID } from 'node:crypto'
import type { Fetch } from './fetch-json.ts'
import type { KeyTimes } from './keys.ts'
import type { Resource } from './resource.ts'
import { type BadTokens, badTokens } from './testing/bad-tokens.ts'
import { goodHeader, jwkOf, signed, testKey } from './testing/minting.ts'
import { type Mutant, mutations } from './testing/mutations.ts'
import { wellKnownUrl } from './url.ts'

export type { BadTokens, Mutant }

export interface TestIssuerOptions {
  /** Whose tokens are made: what `defineResource` made, or its identifier. */
  resource: Resource<string> | string
  issuer?: string
  /** Seconds since the epoch. */
  now?(): number
}

export interface TestIssuer {
  readonly issuer: string
  /** For `createResourceServer`: the issuer, a `fetch` that leads to it alone, and keys that are asked for each time, so that `rotate` counts at once. */
  readonly options: { issuer: string; fetch: Fetch; keys: Partial<KeyTimes>; now(): number }
  /** A good token of a person, with all scopes of the resource unless `scope` says otherwise. Claims are merged in; `undefined` takes one away. */
  token(claims?: Readonly<Record<string, unknown>>): string
  /** Tokens that are nearly good, without end; all are to be refused but those that say `isGood`, one in a thousand. */
  mutations(seed?: number, claims?: Readonly<Record<string, unknown>>): Generator<Mutant, never>
  /** One maker for each kind of token that has to be refused. */
  readonly bad: BadTokens
  /** Signs by a new key from now on; what the one before signed stays good. */
  rotate(): void
  /** Withdraws every key so far, as after a theft: what they signed is refused, and new tokens are signed by a new key. */
  revokeKeys(): void
  /** While it is away, keys cannot be had; `false` brings it back. */
  away(isAway?: boolean): void
}

/** Only for tests: whoever holds this object makes tokens for anybody. */
export function createTestIssuer({ resource, issuer = 'https://issuer.test', ...options }: TestIssuerOptions): TestIssuer {
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  let keys = [testKey()]
  let isAway = false
  const key = () => keys.at(-1) as (typeof keys)[number]
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
  const documents: Record<string, () => unknown> = {
    [wellKnownUrl(issuer, 'oauth-authorization-server').href]: () => ({ issuer, jwks_uri: `${issuer}/jwks` }),
    [`${issuer}/jwks`]: () => ({ keys: keys.map(jwkOf) }),
  }

  return {
    issuer,
    options: {
      issuer,
      now,
      keys: { maxAge: 0, cooldown: 0, staleIfError: 0 },
      async fetch(url) {
        if (isAway) throw new Error('the test issuer is away')
        const document = documents[url]
        return document ? Response.json(document()) : new Response(undefined, { status: 404 })
      },
    },
    token: (more = {}) => signed(goodHeader(key()), { ...claims(), ...more }, key()),
    bad: badTokens({ key, claims, now }),
    mutations: (seed = 1, more = {}) => mutations({ key: key(), claims: () => ({ ...claims(), ...more }), seed }),
    rotate() {
      keys = [...keys, testKey()]
    },
    revokeKeys() {
      keys = [testKey()]
    },
    away(value = true) {
      isAway = value
    },
  }
}
