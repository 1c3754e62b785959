/** What a resource server is configured with, judged completely before the first request. */
import type { JWK } from 'jose'
import type { CredentialKind } from './auth.ts'
import type { JsonObject } from './compact.ts'
import type { DecryptOptions } from './decrypt.ts'
import { type DpopMode, type DpopOptions, dpopSettingsOf } from './dpop.ts'
import type { BearerError, Reason } from './errors.ts'
import type { Fetch } from './fetch-json.ts'
import type { KeySet } from './jwks.ts'
import type { KeyTimes } from './keys.ts'
import type { Resource } from './resource.ts'
import type { RevocationOptions } from './revocations.ts'
import { type Algorithm, algorithms, knownAlgorithms } from './signature.ts'
import type { StandardSchema } from './standard-schema.ts'
import { secureUrl } from './url.ts'
import { onlyWordsOf } from './words.ts'

/** What `on` is told. */
export type ResourceServerEvent =
  | { type: 'refused'; reason: Reason; error: BearerError }
  /** Other keys than before were published. `ignored` says which entries are not used, and why. */
  | { type: 'keys_changed'; kids: string[]; ignored: KeySet['ignored'] }
  | { type: 'keys_failed'; error: unknown }
  /** So many sentences came with one reading of the list. */
  | { type: 'revocations_read'; entries: number }
  | { type: 'revocations_failed'; error: unknown }
  /** For `staleAfter` there was no fresh list; said once, until there is one again. */
  | { type: 'revocations_stale' }

export interface ResourceServerOptions<S extends string, C extends object = JsonObject> {
  /** Exactly the `iss` of the tokens; its keys are found by RFC 8414 or OpenID Connect discovery. */
  issuer: string
  /** What `defineResource` made; its identifier is the audience, which cannot be left out. */
  resource: Resource<S>
  /** The URL of the key set where the issuer publishes no metadata, or the key set itself, which is then never fetched. */
  jwks?: string | { readonly keys: readonly JWK[] }
  /** Accepted signature algorithms; ES256, RS256, PS256 and EdDSA unless said, ML-DSA-44, -65 and -87 only if said. */
  algorithms?: readonly Algorithm[]
  /** Seconds that the clocks of issuer and API may differ: 5 unless said, 300 at most. */
  clockTolerance?: number
  /** The longest lifetime of a token, from `iat` to `exp`, in seconds: a day unless said. */
  maxTokenAge?: number
  /** Seconds: `timeout` 5, `cooldown` 30, `maxAge` 300, `staleIfError` 3600 unless said. */
  keys?: Partial<KeyTimes>
  /**
   * Follow the issuer's list of what was revoked: `{}` for the way it is meant. Unless said, an API that accepts API keys follows it, since nothing else ends
   * a key within the year that it may live; with `false`, or where access tokens alone are accepted, what was signed is good until it expires.
   */
  revocations?: RevocationOptions | false
  /** Verified tokens that are remembered: 10,000 unless said; 0 for none. */
  cache?: { maxEntries?: number }
  /** Accept tokens encrypted for this API, beside plain ones. */
  decrypt?: DecryptOptions
  /** Tokens bound to a key (RFC 9449): `off` unless said. */
  dpop?: DpopMode | DpopOptions
  /** What else the claims have to be: a schema of Zod, Valibot, ArkType or another of Standard Schema. What it makes of them is `auth.claims`. */
  claims?: StandardSchema<C>
  /** What is let in: access tokens alone unless said. An API key is written otherwise, has a `typ` and keys of its own, so that neither passes for the other. */
  accept?: readonly CredentialKind[]
  /** Told of every refusal and of the keys. What it throws is dropped: a broken log decides nothing. */
  on?(event: ResourceServerEvent): void
  fetch?: Fetch
  /** Seconds since the epoch. */
  now?(): number
  /** Accept an `http` issuer outside of loopback. Whoever stands between can then put in keys of their own and sign any token. */
  dangerouslyAllowHttp?: boolean
}

export type Settings<S extends string, C extends object> = ReturnType<typeof settingsOf<S, C>>

/** @throws TypeError for the first option that is wrong */
export function settingsOf<S extends string, C extends object>(options: ResourceServerOptions<S, C>) {
  onlyWordsOf<ResourceServerOptions<S, C>>(options, optionWords, 'createResourceServer')
  const { issuer, resource, jwks, dangerouslyAllowHttp, on, claims } = options
  const dpop = dpopSettingsOf(options.dpop)
  if (secureUrl(issuer, 'issuer', dangerouslyAllowHttp).search !== '') throw new TypeError(`issuer must have no query: ${issuer}`)
  if (typeof resource?.granted !== 'function') throw new TypeError('resource must come from defineResource')
  if (typeof jwks === 'string') secureUrl(jwks, 'jwks', dangerouslyAllowHttp)
  const accept = judgedKinds(options.accept ?? ['access_token'])
  // A key is sent by scripts that can prove nothing: no key that is accepted could ever come in.
  if (accept.has('api_key') && dpop.mode === 'require')
    throw new TypeError('dpop: require and accept: api_key exclude each other')
  const revocations = options.revocations ?? (accept.has('api_key') ? {} : false)
  return {
    issuer,
    resource,
    jwks,
    dangerouslyAllowHttp,
    audience: resource.audience,
    algorithms: new Set<unknown>(judgedAlgorithms(options.algorithms ?? algorithms)),
    clockTolerance: wholeNumber(options.clockTolerance ?? 5, 'clockTolerance', 300),
    maxTokenAge: wholeNumber(options.maxTokenAge ?? 86_400, 'maxTokenAge'),
    keyTimes: keyTimes(options.keys),
    revocations: revocations && judgedRevocations(revocations, dangerouslyAllowHttp),
    maxEntries: cacheSize(options.cache),
    decrypt: options.decrypt,
    dpop,
    takesBound: dpop.mode !== 'off',
    claims: judgedSchema(claims),
    accept,
    fetch: options.fetch ?? (globalThis.fetch as Fetch),
    now: options.now ?? (() => Math.floor(Date.now() / 1000)),
    emit(event: ResourceServerEvent): void {
      try {
        on?.(event)
      } catch {}
    },
  }
}

const optionWords = {
  issuer: true,
  resource: true,
  jwks: true,
  algorithms: true,
  clockTolerance: true,
  maxTokenAge: true,
  keys: true,
  revocations: true,
  cache: true,
  decrypt: true,
  dpop: true,
  claims: true,
  accept: true,
  on: true,
  fetch: true,
  now: true,
  dangerouslyAllowHttp: true,
} as const
const revocationWords = { uri: true, credentials: true, staleAfter: true, whenStale: true } as const
const kindWords = { access_token: true, api_key: true } as const
const keyTimeWords = { timeout: true, cooldown: true, maxAge: true, staleIfError: true } as const

function judgedSchema<C>(schema: StandardSchema<C> | undefined): StandardSchema<C> | undefined {
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function')
    throw new TypeError('claims must be a schema by Standard Schema (https://standardschema.dev)')
  return schema
}

function judgedKinds(kinds: readonly CredentialKind[]): ReadonlySet<CredentialKind> {
  if (!Array.isArray(kinds) || kinds.length === 0 || !kinds.every((kind) => kind === 'access_token' || kind === 'api_key'))
    throw new TypeError(`accept must be a list of access_token, api_key or both, got ${JSON.stringify(kinds)}`)
  return new Set(kinds)
}

function judgedAlgorithms(given: readonly Algorithm[]): readonly Algorithm[] {
  const unknown = given.find((algorithm) => !knownAlgorithms.includes(algorithm))
  if (unknown !== undefined || given.length === 0)
    throw new TypeError(`algorithms must be some of ${knownAlgorithms.join(', ')}, got ${given}`)
  return given
}

function judgedRevocations(
  options: RevocationOptions,
  allowHttp: boolean | undefined,
): Required<Omit<RevocationOptions, 'uri' | 'credentials'>> & Pick<RevocationOptions, 'uri' | 'credentials'> {
  onlyWordsOf(options, revocationWords, 'revocations')
  const { uri, credentials, staleAfter = 900, whenStale = {} } = options
  onlyWordsOf(whenStale, kindWords, 'revocations.whenStale')
  if (uri !== undefined) secureUrl(uri, 'revocations.uri', allowHttp)
  wholeNumber(staleAfter, 'revocations.staleAfter')
  for (const [kind, what] of Object.entries(whenStale))
    if (what !== 'accept' && what !== 'refuse')
      throw new TypeError(`revocations.whenStale.${kind} must be accept or refuse, got ${what}`)
  const isSaid = (text: unknown) => typeof text === 'string' && text !== ''
  if (credentials !== undefined && !(isSaid(credentials.id) && isSaid(credentials.secret)))
    throw new TypeError('revocations.credentials must have an id and a secret')
  const given = { ...(uri !== undefined && { uri }), ...(credentials && { credentials }) }
  return { ...given, staleAfter, whenStale: { access_token: 'accept', api_key: 'refuse', ...whenStale } }
}

function keyTimes(options: Partial<KeyTimes> = {}): KeyTimes {
  onlyWordsOf(options, keyTimeWords, 'keys')
  const { timeout = 5, cooldown = 30, maxAge = 300, staleIfError = 3600 } = options
  for (const [name, value] of Object.entries({ timeout, cooldown, maxAge, staleIfError })) wholeNumber(value, `keys.${name}`)
  return { timeout, cooldown, maxAge, staleIfError }
}

function cacheSize(options: { maxEntries?: number } = {}): number {
  onlyWordsOf(options, { maxEntries: true }, 'cache')
  return wholeNumber(options.maxEntries ?? 10_000, 'cache.maxEntries')
}

function wholeNumber(value: number, name: string, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > most)
    throw new TypeError(`${name} must be a whole number up to ${most}, got ${value}`)
  return value
}
