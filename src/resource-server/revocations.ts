/**
 * What the issuer says has ended, followed for as long as this API runs: the list of docs/revocation.md. It is read at once, then waited for; what
 * was read is merged and never replaced, so that an old list, replayed or out of a cache, does no harm.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { CredentialKind } from './auth.ts'
import { BearerError } from './errors.ts'
import { boundedText, type Fetch } from './fetch-json.ts'
import { createDigests, digestIn } from './revocation-digests.ts'
import { follows, type RevocationList, type Trust, verifiedList } from './revocation-list.ts'
import { createRevocationTable, type Digest } from './revocation-table.ts'
import type { Verified } from './verify.ts'

export interface RevocationOptions {
  /** Where the list is: what the issuer's metadata says (`revocations_uri`), or else `revocations` under the issuer. */
  uri?: string
  /** As which client of the issuer this API reads the list, where not everybody may (`revocations.readers: authenticated`): kind `api`, with a secret. */
  credentials?: { id: string; secret: string }
  /** Seconds after which a list counts as stale: 900 unless said. */
  staleAfter?: number
  /** What becomes of credentials while the list is stale or was never had: access tokens are accepted, API keys refused with 503 unless said. */
  whenStale?: Partial<Record<CredentialKind, 'accept' | 'refuse'>>
}

/** What lies beside a verified token, so that looking it up again costs no hash. */
export interface Concerned {
  readonly digests: readonly Digest[]
  readonly iat: number
  readonly kind: CredentialKind
  /** With which state of the list it was found good: nothing is looked up until something is added. */
  judgedAt: number
}

export interface RevocationReader {
  concernedBy(verified: Verified): Concerned
  /** @returns a promise as long as the first reading is under way, which does not reject */
  settle(): Promise<void> | undefined
  /** @throws BearerError `revoked`, `revocations_unavailable` */
  judge(concerned: Concerned): void
  close(): void
}

export interface RevocationParts extends Required<Omit<RevocationOptions, 'uri' | 'credentials'>>, Omit<Trust, 'isDead'> {
  /** Of each request for the list. */
  headers: Record<string, string>
  locate(signal: AbortSignal): Promise<string>
  fetch: Fetch
  now(): number
  read(entries: number): void
  failed(error: unknown): void
  /** Once for each time that the list becomes stale. */
  stale(): void
}

const waitSeconds = 25
/** Somebody may wait for the first answer; the others come when there is something, or at the end of the wait. */
const timeoutMilliseconds = { first: 10_000, other: 35_000 }
const maxBytes = 4 * 1024 * 1024
const longestPauseMilliseconds = 30_000

/** For an API that follows no list. */
export const noRevocations: RevocationReader = {
  concernedBy: ({ kind }) => ({ digests: [], iat: 0, kind, judgedAt: 0 }),
  settle: () => undefined,
  judge: () => {},
  close: () => {},
}

/** By which claim a sentence of each kind is found. One about a key is found by the header. */
const claimOf = { token: 'jti', grant: 'grant', subject: 'sub', client: 'client_id' } as const
/** And those that are about access tokens alone. */
const accessTokenClaimOf = { client_tokens: 'client_id', api: 'aud' } as const

export function followRevocations({
  issuer,
  locate,
  keys,
  fetch,
  headers,
  now,
  whenStale,
  staleAfter,
  ...parts
}: RevocationParts): RevocationReader {
  const closed = new AbortController()
  const dead = createRevocationTable(now)
  const found = (claims: Record<string, string>) =>
    Object.entries(claims).map(([about, claim]) => ({ claim, digestOf: createDigests(issuer, about) }))
  const [byEach, byAccessTokens] = [found(claimOf), found(accessTokenClaimOf)]
  const kinds = { access_token: [...byEach, ...byAccessTokens], api_key: byEach }
  const digestOfKey = createDigests(issuer, 'kid')
  /** Another one with each addition. */
  let state = 1
  let everythingBefore = Number.NEGATIVE_INFINITY
  let cursor: string | undefined
  let place: string | undefined
  let freshAt = Number.NEGATIVE_INFINITY
  let isTold = false
  let isWhole = true
  let first: Promise<void> | undefined

  const isStale = () => now() >= freshAt + staleAfter
  const isDead = (kid: string) => dead.isDead(digestOfKey(kid), Number.NEGATIVE_INFINITY)

  function merge({ before, entries }: RevocationList): void {
    if (before !== undefined) everythingBefore = Math.max(everythingBefore, before)
    for (const [digest, end, time] of entries) dead.add(digestIn(digest), end, time)
    if (entries.length > 0) state++
    dead.tidy()
  }

  /** @returns whether it is worth asking again at once */
  async function readOnce(): Promise<boolean> {
    const signal = AbortSignal.any([
      closed.signal,
      AbortSignal.timeout(cursor === undefined ? timeoutMilliseconds.first : timeoutMilliseconds.other),
    ])
    place ??= await locate(signal)
    const uri = new URL(place)
    if (cursor !== undefined)
      for (const [name, value] of [
        ['after', cursor],
        ['wait', waitSeconds],
      ] as const)
        uri.searchParams.set(name, `${value}`)
    const asked = performance.now()
    const response = await fetch(uri.href, { headers, redirect: 'manual', signal })
    if (response.status !== 200 || response.redirected) {
      await response.body?.cancel()
      throw new Error(`${place} answered ${response.status}`)
    }
    const document = await verifiedList(await boundedText(response, place, maxBytes), { issuer, keys, isDead, ...parts })
    // Nothing of it is lost: whoever asks again is told it once more.
    if (!follows(document, cursor)) throw new Error(`${place} left out some of the list`)
    const isNews = document.cursor !== cursor
    merge(document)
    cursor = document.cursor
    // A date to come would make a list fresh for ever; an old one, replayed, does not make it fresh.
    freshAt = Math.max(freshAt, Math.min(document.iat, now()))
    isTold &&= isStale()
    isWhole = document.more !== true
    parts.read(document.entries.length)
    return isNews || performance.now() - asked > 1_000
  }

  async function follow(): Promise<void> {
    for (let failures = 0; !closed.signal.aborted; ) {
      let pauseMilliseconds = 0
      try {
        if (!(await readOnce())) pauseMilliseconds = 1_000
        failures = 0
      } catch (error) {
        if (closed.signal.aborted) return
        // The issuer may have moved its list.
        place = undefined
        parts.failed(error)
        pauseMilliseconds = Math.min(longestPauseMilliseconds, 500 * 2 ** failures++)
        if (isStale() && !isTold) parts.stale()
        isTold = isStale()
      }
      if (isWhole) {
        begun.resolve()
        first = undefined
      }
      if (pauseMilliseconds > 0) await pause(pauseMilliseconds, closed.signal)
    }
  }

  const begun = Promise.withResolvers<void>()
  first = begun.promise
  void follow().finally(begun.resolve)

  return {
    concernedBy({ claims, kind, kid }) {
      const digests = [digestOfKey(kid)]
      for (const { claim, digestOf } of kinds[kind]) {
        const value = claims[claim]
        if (typeof value === 'string') digests.push(digestOf(value))
      }
      // A token that says no time is older than any.
      return { digests, iat: typeof claims.iat === 'number' ? claims.iat : 0, kind, judgedAt: 0 }
    },
    settle: () => first,
    judge(concerned) {
      const { digests, iat, kind } = concerned
      if (iat <= everythingBefore) throw new BearerError('revoked')
      if (concerned.judgedAt !== state) {
        for (const digest of digests) if (dead.isDead(digest, iat)) throw new BearerError('revoked')
        concerned.judgedAt = state
      }
      if (whenStale[kind] === 'refuse' && isStale()) throw new BearerError('revocations_unavailable', { retryAfter: 30 })
    },
    close: () => closed.abort(),
  }
}

/** Keeps no process alive by itself. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return wait(milliseconds, undefined, { signal, ref: false }).catch(() => {})
}
