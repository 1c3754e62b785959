/** The parts put together: an API that verifies access tokens and API keys by itself. */
import { isKey } from './api-key.ts'
import { type Auth, authOf } from './auth.ts'
import { digestOf, type TokenCache, tokenCache } from './cache.ts'
import { type Refusal, refusalOf } from './challenge.ts'
import { isBounded, type JsonObject } from './compact.ts'
import { type Credentials, credentialsOf, type RequestLike, type Scheme } from './credentials.ts'
import { decrypter } from './decrypt.ts'
import { checkProof, type DpopMode, nonceNow } from './dpop.ts'
import { BearerError } from './errors.ts'
import { metadataOf, metadataUrlOf, type ProtectedResourceMetadata } from './metadata.ts'
import { type ResourceServerOptions, settingsOf } from './options.ts'
import { enforce, type Need, needOf, type Requirement } from './requirement.ts'
import type { Concerned } from './revocations.ts'
import { verifySignature } from './signature.ts'
import { keysOf, revocationsOf } from './sources.ts'
import type { StandardSchema } from './standard-schema.ts'
import { type Header, type Verified, verifyToken } from './verify.ts'

/** Let in, as somebody or, where credentials are optional and none were sent, as nobody; or refused, with the answer to send. */
export type Outcome<S extends string, C extends object = JsonObject> =
  | { readonly ok: true; readonly auth: Auth<S, C> | undefined }
  | { readonly ok: false; readonly error: BearerError; readonly refusal: Refusal }

export interface ResourceServer<S extends string, C extends object = JsonObject> {
  /** Judges a request by its `Authorization` header, and a proof of possession by its `DPoP` header. Never throws for what was sent. @throws TypeError for a requirement that cannot be */
  check(request: RequestLike, requirement?: Requirement<S>): Promise<Outcome<S, C>>
  /** Judges a bare token, of a queue or a web socket: no proof comes with it, so a token that is bound to a key is refused. @throws BearerError */
  verify(token: string, requirement?: Requirement<S>): Promise<Auth<S, C>>
  /** Checks a requirement once, for a route that will be asked often. @throws TypeError */
  need(requirement?: Requirement<S>): Need<S>
  /** Fetches the keys now, and reads what was revoked, if that can be had. @throws BearerError `keys_unavailable` */
  ready(): Promise<void>
  /** RFC 9728: the document, and the URL at which to serve it. */
  metadata(): ProtectedResourceMetadata
  readonly metadataUrl: URL
  /** Ends what is under way and forgets the verified tokens. Nothing is fetched afterwards. */
  close(): void
}

/** @throws TypeError for options that cannot be */
export function createResourceServer<S extends string, C extends object = JsonObject>(
  options: ResourceServerOptions<S, C>,
): ResourceServer<S, C> {
  const settings = settingsOf(options)
  const { resource, emit, now, clockTolerance, dpop } = settings
  // Forgetting is starting anew: a verification that is under way meanwhile, by a key of before, leaves its result in the old cache.
  let cache = tokenCache<Known<S, C>>(settings.maxEntries)
  const forget = () => {
    cache = tokenCache(settings.maxEntries)
  }
  const keys = keysOf(settings, forget)
  const revocations = revocationsOf(settings, keys)
  const parts = {
    ...settings,
    headers: new Map<string, Header>(),
    keys,
    verifySignature,
    decrypt: settings.decrypt && decrypter(settings.decrypt),
  }
  const metadataUrl = metadataUrlOf(resource)
  const schemes = schemesBy[dpop.mode]
  const single = new Map<unknown, Need<S>>([...resource.scopes.keys()].map((scope) => [scope, needOf<S>(scope, resource)]))
  const need = (requirement?: Requirement<S>) => single.get(requirement) ?? needOf(requirement, resource)

  /** At once for a known token: whoever awaits it then pays for one promise and not for three. */
  function authenticate(token: string): Auth<S, C> | Promise<Auth<S, C>> {
    if (!isBounded(token)) throw new BearerError('malformed_token')
    const digest = digestOf(token)
    const known = cache.get(digest)
    if (!known) return awaited(token, digest)
    // A known token is asked again what may have changed since: whether the issuer still publishes its key, and whether its time has come.
    const pending = keys.settle()
    if (!pending) return unlessEnded(known)
    return pending.then(() => {
      const still = cache.get(digest)
      return still ? unlessEnded(still) : verifyAnew(token, digest)
    })
  }

  function unlessEnded({ auth, concerned }: Known<S, C>): Auth<S, C> {
    if (now() >= auth.expiresAt + clockTolerance) throw new BearerError('expired')
    revocations.judge(concerned)
    return auth
  }

  /** The first tokens of all wait until it is known what was revoked, or that it cannot be known. */
  function awaited(token: string, digest: string): Auth<S, C> | Promise<Auth<S, C>> {
    const pending = revocations.settle()
    return pending ? pending.then(() => verifyAnew(token, digest)) : verifyAnew(token, digest)
  }

  function verifyAnew(token: string, digest: string): Auth<S, C> | Promise<Auth<S, C>> {
    const remembered = cache
    const verified = verifyToken(token, parts)
    return verified instanceof Promise
      ? verified.then((one) => shaped(one, digest, remembered))
      : shaped(verified, digest, remembered)
  }

  function shaped(verified: Verified, digest: string, remembered: TokenCache<Known<S, C>>): Auth<S, C> | Promise<Auth<S, C>> {
    if (!settings.claims) return accepted(verified, verified.claims as unknown as C, digest, remembered)
    const shown = shapedBy(settings.claims, verified.claims)
    return shown instanceof Promise
      ? shown.then((value) => accepted(verified, value, digest, remembered))
      : accepted(verified, shown, digest, remembered)
  }

  function accepted(verified: Verified, shown: C, digest: string, remembered: TokenCache<Known<S, C>>): Auth<S, C> {
    const { claims, kind } = verified
    const auth = authOf(claims, kind, resource.granted(claims.scope), shown)
    const concerned = revocations.concernedBy(verified)
    revocations.judge(concerned)
    remembered.set(digest, { auth, concerned })
    return auth
  }

  /** A bound token with the proof of its key, or where plain ones are taken, a plain one. */
  async function checkBinding(request: RequestLike, { scheme, token }: Credentials, { boundTo }: Auth<S, C>): Promise<void> {
    if (scheme === 'Bearer' && boundTo !== undefined) throw new BearerError('sender_constrained')
    if (scheme === 'Bearer') return
    if (boundTo === undefined) throw new BearerError('not_bound')
    await checkProof(request, { token, thumbprint: boundTo, origin: metadataUrl.origin, now: now(), clockTolerance }, dpop)
  }

  function answer(error: BearerError, wanted: Need<S>, sent: Credentials | undefined): Refusal {
    const nonce = error.code === 'use_dpop_nonce' && dpop.nonceSecret ? nonceNow(dpop.nonceSecret, now()) : undefined
    const place = { metadataUrl: metadataUrl.href, schemes, used: sent?.scheme, nonce }
    return refusalOf(error, wanted, { ...place, isKey: sent !== undefined && isKey(sent.token) })
  }

  async function verify(token: string, requirement?: Requirement<S>): Promise<Auth<S, C>> {
    const wanted = need(requirement)
    try {
      const found = authenticate(token)
      const auth = found instanceof Promise ? await found : found
      if (auth.boundTo !== undefined) throw new BearerError('sender_constrained')
      if (dpop.mode === 'require') throw new BearerError('binding_required')
      enforce(wanted, auth, now(), clockTolerance)
      return auth
    } catch (error) {
      if (error instanceof BearerError) emit({ type: 'refused', reason: error.reason, error })
      throw error
    }
  }

  async function check(request: RequestLike, requirement?: Requirement<S>): Promise<Outcome<S, C>> {
    const wanted = need(requirement)
    let credentials: Credentials | undefined
    try {
      credentials = credentialsOf(request, schemes)
      if (credentials === undefined && wanted.optional) return { ok: true, auth: undefined }
      if (credentials === undefined) throw new BearerError('missing_token')
      const found = authenticate(credentials.token)
      const auth = found instanceof Promise ? await found : found
      if (dpop.mode !== 'off') await checkBinding(request, credentials, auth)
      else if (auth.boundTo !== undefined) throw new BearerError('sender_constrained')
      enforce(wanted, auth, now(), clockTolerance)
      return { ok: true, auth }
    } catch (error) {
      if (!(error instanceof BearerError)) throw error
      emit({ type: 'refused', reason: error.reason, error })
      return { ok: false, error, refusal: answer(error, wanted, credentials) }
    }
  }

  return {
    check,
    verify,
    need,
    async ready() {
      await keys.settle()
      await revocations.settle()
    },
    metadata: () => metadataOf(resource, settings.issuer, dpop.mode),
    metadataUrl,
    close() {
      keys.close()
      revocations.close()
      forget()
    },
  }
}

interface Known<S extends string, C extends object> {
  auth: Auth<S, C>
  concerned: Concerned
}

const schemesBy: Record<DpopMode, readonly Scheme[]> = { off: ['Bearer'], accept: ['Bearer', 'DPoP'], require: ['DPoP'] }

/** @throws BearerError `unfit_claims`, with what the schema said for the log */
function shapedBy<C>(schema: StandardSchema<C>, claims: JsonObject): C | Promise<C> {
  const judged = (result: Awaited<ReturnType<(typeof schema)['~standard']['validate']>>) => {
    if (result.issues) throw new BearerError('unfit_claims', { cause: result.issues })
    return result.value
  }
  // A copy: what a schema changes in place must not change what was signed.
  const result = schema['~standard'].validate(structuredClone(claims))
  return result instanceof Promise ? result.then(judged) : judged(result)
}
