/**
 * The keys of the issuer, fetched when they are first needed and kept in step with what it publishes.
 *
 * Fresh keys (younger than `maxAge`) are used without a word. Older ones are fetched anew first; when that fails they serve for `staleIfError`
 * longer while attempts go on in the background. An unknown `kid` causes a fetch at most once per `cooldown`, and for one and the same
 * `kid` once per `maxAge`, whatever is sent. Whoever comes while a fetch is under way waits for that one.
 */
import { BearerError } from './errors.ts'
import { type KeySet, readKeySet, type VerificationKey } from './jwks.ts'

export interface KeySource {
  /** @returns nothing when the keys may be used now, else a promise to wait for, rejected with `keys_unavailable` when there are none. */
  settle(): Promise<void> | undefined
  /** @returns the key, or `undefined` where the issuer has none of that id. @throws BearerError `keys_unavailable` where that cannot be known */
  find(kid: string): VerificationKey | undefined | Promise<VerificationKey | undefined>
  /**
   * As `find`, but an unknown key is fetched at once, whatever was fetched a moment ago: for who asks of a key that no stranger can name, and seldom.
   * Otherwise the list that says a key was stolen, signed by one made a moment ago, would be refused for as long as `cooldown`.
   */
  findSeldom(kid: string): VerificationKey | undefined | Promise<VerificationKey | undefined>
  close(): void
}

/** Seconds each. */
export interface KeyTimes {
  /** How long one attempt to fetch keys may take, all its requests together. */
  timeout: number
  /** The least time between two attempts. */
  cooldown: number
  /** For how long keys count as fresh: a key that the issuer withdrew is refused after this time. */
  maxAge: number
  /** For how long keys older than that are still used while the issuer is away. */
  staleIfError: number
}

export interface KeySourceParts extends KeyTimes {
  /** Fetches the key set document. */
  load(signal: AbortSignal): Promise<unknown>
  now(): number
  /** Called with each set that differs from the one before it. */
  changed(set: KeySet): void
  failed(error: unknown): void
}

// Ids that strangers made up are remembered, so their number is bounded; the oldest leave.
const maxAbsent = 1000

/** A set that never changes. @throws TypeError when it has no usable key */
export function fixedKeys(document: unknown): KeySource {
  const { keys, ignored } = readKeySet(document)
  if (keys.size === 0) throw new TypeError(`the given JWK set has no usable key: ${JSON.stringify(ignored)}`)
  const find = (kid: string) => keys.get(kid)
  return { settle: () => undefined, find, findSeldom: find, close: () => {} }
}

export function fetchedKeys({ load, now, changed, failed, ...times }: KeySourceParts): KeySource {
  const closed = new AbortController()
  const absentUntil = new Map<string, number>()
  let keys: KeySet['keys'] = new Map()
  let published: string | undefined
  let fetchedAt = Number.NEGATIVE_INFINITY
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failure: { cause: unknown } | undefined
  let inFlight: Promise<void> | undefined

  // A clock that was set back makes an age negative: it counts as old, so that no key outlives its time.
  const within = (since: number, seconds: number) => now() >= since && now() < since + seconds
  const isFresh = () => within(fetchedAt, times.maxAge)
  const isUsable = () => within(fetchedAt, times.maxAge + times.staleIfError)
  const mayFetch = () => inFlight !== undefined || !within(attemptedAt, times.cooldown)

  function unavailable(): BearerError {
    const retryAfter = Math.max(1, Math.ceil(attemptedAt + times.cooldown - now()))
    return new BearerError('keys_unavailable', { retryAfter, ...failure })
  }

  function fetchOnce(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = undefined
    })
    return inFlight
  }

  async function attempt(): Promise<void> {
    attemptedAt = now()
    const startedAt = attemptedAt
    try {
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(times.timeout * 1000)])
      signal.throwIfAborted()
      const document = await load(signal)
      const set = readKeySet(document)
      // An issuer without keys has an accident; it does not withdraw every token.
      if (set.keys.size === 0) throw new Error(`no usable key was published: ${JSON.stringify(set.ignored)}`)
      const text = JSON.stringify(document)
      keys = set.keys
      fetchedAt = startedAt
      failure = undefined
      if (text !== published) changed(set)
      published = text
    } catch (error) {
      failure = { cause: error }
      failed(error)
    }
  }

  function settle(): Promise<void> | undefined {
    if (isFresh()) return undefined
    if (!mayFetch()) return isUsable() ? undefined : Promise.reject(unavailable())
    const fetching = fetchOnce()
    // Once the issuer is known to be away, nobody waits for it who can be served from the keys at hand.
    if (failure && isUsable()) return undefined
    return fetching.then(() => {
      // What was fetched just now is used once, even where nothing is kept.
      if (failure && !isUsable()) throw unavailable()
    })
  }

  return {
    settle,

    find(kid) {
      const pending = settle()
      return pending ? pending.then(() => lookUp(kid)) : lookUp(kid)
    },

    async findSeldom(kid) {
      await settle()
      if (!keys.has(kid)) await fetchOnce()
      return keys.get(kid)
    },

    close: () => closed.abort(),
  }

  function lookUp(kid: string): VerificationKey | undefined | Promise<VerificationKey | undefined> {
    const key = keys.get(kid)
    if (key || (absentUntil.get(kid) ?? 0) > now()) return key
    if (mayFetch()) return fetchOnce().then(() => afterFetch(kid))
    // RFC 6750 has no word for "perhaps": while the issuer is away this may well be its newest key.
    if (failure) throw unavailable()
    return undefined
  }

  function afterFetch(kid: string): VerificationKey | undefined {
    const key = keys.get(kid)
    if (key) return key
    if (failure) throw unavailable()
    if (absentUntil.size >= maxAbsent) absentUntil.delete(absentUntil.keys().next().value as string)
    absentUntil.set(kid, now() + times.maxAge)
    return undefined
  }
}
