/** The parts put together: an API that verifies access tokens by itself. */
import { type Auth, authOf } from './auth.ts'
import { digestOf, tokenCache } from './cache.ts'
import { type Refusal, refusalOf } from './challenge.ts'
import { isBounded } from './compact.ts'
import { bearerToken, type RequestLike } from './credentials.ts'
import { decrypter } from './decrypt.ts'
import { discoverJwksUri } from './discovery.ts'
import { BearerError } from './errors.ts'
import { fetchJson } from './fetch-json.ts'
import { fetchedKeys, fixedKeys, type KeySource } from './keys.ts'
import { metadataOf, metadataUrlOf, type ProtectedResourceMetadata } from './metadata.ts'
import { type ResourceServerOptions, type Settings, settingsOf } from './options.ts'
import { enforce, type Need, needOf, type Requirement } from './requirement.ts'
import { verifySignature } from './signature.ts'
import { type VerifiedClaims, verifyToken } from './verify.ts'

/** Let in, as somebody or, where credentials are optional and none were sent, as nobody; or refused, with the answer to send. */
export type Outcome<S extends string> =
  | { readonly ok: true; readonly auth: Auth<S> | undefined }
  | { readonly ok: false; readonly error: BearerError; readonly refusal: Refusal }

export interface ResourceServer<S extends string> {
  /** Judges a request by its `Authorization` header. Never throws for what was sent. @throws TypeError for a requirement that cannot be */
  check(request: RequestLike, requirement?: Requirement<S>): Promise<Outcome<S>>
  /** Judges a bare token, of a queue or a web socket. @throws BearerError */
  verify(token: string, requirement?: Requirement<S>): Promise<Auth<S>>
  /** Checks a requirement once, for a route that will be asked often. @throws TypeError */
  need(requirement?: Requirement<S>): Need<S>
  /** Fetches the keys now. @throws BearerError `keys_unavailable` */
  ready(): Promise<void>
  /** RFC 9728: the document, and the URL at which to serve it. */
  metadata(): ProtectedResourceMetadata
  readonly metadataUrl: URL
  /** Ends what is under way and forgets the verified tokens. Nothing is fetched afterwards. */
  close(): void
}

/** @throws TypeError for options that cannot be */
export function createResourceServer<S extends string>(options: ResourceServerOptions<S>): ResourceServer<S> {
  const settings = settingsOf(options)
  const { resource, emit, now, clockTolerance } = settings
  // Forgetting is starting anew: a verification that is under way meanwhile, by a key of before, leaves its result in the old cache.
  let cache = tokenCache<Auth<S>>(settings.maxEntries)
  const forget = () => {
    cache = tokenCache(settings.maxEntries)
  }
  const keys = keysOf(settings, forget)
  const parts = { ...settings, keys, verifySignature, decrypt: settings.decrypt && decrypter(settings.decrypt) }
  const metadataUrl = metadataUrlOf(resource)
  const single = new Map<unknown, Need<S>>([...resource.scopes.keys()].map((scope) => [scope, needOf<S>(scope, resource)]))
  const need = (requirement?: Requirement<S>) => single.get(requirement) ?? needOf(requirement, resource)

  /** At once for a known token: whoever awaits it then pays for one promise and not for three. */
  function authenticate(token: string): Auth<S> | Promise<Auth<S>> {
    if (!isBounded(token)) throw new BearerError('malformed_token')
    const digest = digestOf(token)
    const known = cache.get(digest)
    if (!known) return verifyAnew(token, digest)
    // A known token is asked again what may have changed since: whether the issuer still publishes its key, and whether its time has come.
    const pending = keys.settle()
    if (pending) return pending.then(() => authenticate(token))
    if (now() >= known.expiresAt + clockTolerance) throw new BearerError('expired')
    return known
  }

  function verifyAnew(token: string, digest: string): Auth<S> | Promise<Auth<S>> {
    const remembered = cache
    const accept = (claims: VerifiedClaims) => {
      const auth = authOf(claims, resource.granted(claims.scope))
      remembered.set(digest, auth)
      return auth
    }
    const claims = verifyToken(token, parts)
    return claims instanceof Promise ? claims.then(accept) : accept(claims)
  }

  async function verify(token: string, requirement?: Requirement<S>): Promise<Auth<S>> {
    const wanted = need(requirement)
    try {
      const found = authenticate(token)
      const auth = found instanceof Promise ? await found : found
      enforce(wanted, auth, now(), clockTolerance)
      return auth
    } catch (error) {
      if (error instanceof BearerError) emit({ type: 'refused', reason: error.reason, error })
      throw error
    }
  }

  async function check(request: RequestLike, requirement?: Requirement<S>): Promise<Outcome<S>> {
    const wanted = need(requirement)
    try {
      const token = bearerToken(request)
      if (token === undefined && wanted.optional) return { ok: true, auth: undefined }
      if (token === undefined) throw new BearerError('missing_token')
      const found = authenticate(token)
      const auth = found instanceof Promise ? await found : found
      enforce(wanted, auth, now(), clockTolerance)
      return { ok: true, auth }
    } catch (error) {
      if (!(error instanceof BearerError)) throw error
      emit({ type: 'refused', reason: error.reason, error })
      return { ok: false, error, refusal: refusalOf(error, wanted, metadataUrl.href) }
    }
  }

  return {
    check,
    verify,
    need,
    ready: async () => keys.settle(),
    metadata: () => metadataOf(resource, settings.issuer),
    metadataUrl,
    close() {
      keys.close()
      forget()
    },
  }
}

function keysOf<S extends string>({ issuer, jwks, fetch, emit, ...settings }: Settings<S>, forget: () => void): KeySource {
  if (typeof jwks === 'object') return fixedKeys(jwks)
  let uri = jwks
  return fetchedKeys({
    ...settings.keyTimes,
    now: settings.now,
    async load(signal) {
      const get = (url: string) => fetchJson(fetch, url, signal)
      const place = uri ?? (await discoverJwksUri(issuer, get, settings.dangerouslyAllowHttp))
      // A place that fails is looked for anew the next time: the issuer may have moved its keys.
      uri = jwks
      const document = await get(place)
      uri = place
      return document
    },
    changed({ keys, ignored }) {
      forget()
      emit({ type: 'keys_changed', kids: [...keys.keys()], ignored })
    },
    failed: (error) => emit({ type: 'keys_failed', error }),
  })
}
