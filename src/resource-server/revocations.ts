/**
 * What the issuer says has ended, followed for as long as this API runs: the list of docs/revocation.md. It is read at once, then waited for; what
 * was read is merged and never replaced, so that an old list, replayed or out of a cache, does no harm.
 */
import { hash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { CredentialKind } from './auth.ts'
import { decodeObject, type JsonObject } from './compact.ts'
import { BearerError } from './errors.ts'
import { boundedText, type Fetch } from './fetch-json.ts'
import type { KeySource } from './keys.ts'
import type { SignatureCheck } from './signature.ts'

export interface RevocationOptions {
  /** Where the list is: `revocations` under the issuer unless said. */
  uri?: string
  /** Seconds after which a list counts as stale: 900 unless said. */
  staleAfter?: number
  /** What becomes of credentials while the list is stale or was never had: access tokens are accepted, API keys refused with 503 unless said. */
  whenStale?: Partial<Record<CredentialKind, 'accept' | 'refuse'>>
}

/** What lies beside a verified token, so that looking it up again costs no hash. */
export interface Concerned {
  readonly digests: readonly string[]
  readonly iat: number
  readonly kind: CredentialKind
}

export interface RevocationReader {
  concernedBy(claims: JsonObject, kind: CredentialKind): Concerned
  /** @returns a promise as long as the first reading is under way, which does not reject */
  settle(): Promise<void> | undefined
  /** @throws BearerError `revoked`, `revocations_unavailable` */
  judge(concerned: Concerned): void
  close(): void
}

export interface RevocationParts extends Required<RevocationOptions> {
  issuer: string
  keys: Pick<KeySource, 'find'>
  verifySignature: SignatureCheck
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
const sweepSeconds = 60

/** For an API that follows no list. */
export const noRevocations: RevocationReader = {
  concernedBy: (_claims, kind) => ({ digests: [], iat: 0, kind }),
  settle: () => undefined,
  judge: () => {},
  close: () => {},
}

/** By which claim a sentence of each kind is found. */
const claimOf = { token: 'jti', grant: 'grant', subject: 'sub', client: 'client_id' } as const

export function followRevocations({
  issuer,
  uri,
  keys,
  fetch,
  now,
  whenStale,
  staleAfter,
  ...parts
}: RevocationParts): RevocationReader {
  const closed = new AbortController()
  const dead = new Map<string, { before: number; end: number }>()
  let everythingBefore = Number.NEGATIVE_INFINITY
  let cursor: string | undefined
  let freshAt = Number.NEGATIVE_INFINITY
  let sweptAt = now()
  let isTold = false
  let isWhole = true
  let first: Promise<void> | undefined

  const isStale = () => now() >= freshAt + staleAfter

  function merge({ before, entries }: Document): void {
    if (before !== undefined) everythingBefore = Math.max(everythingBefore, before)
    for (const [digest, end, time = Number.POSITIVE_INFINITY] of entries) {
      const known = dead.get(digest)
      if (!known) dead.set(digest, { before: time, end })
      else Object.assign(known, { before: Math.max(known.before, time), end: Math.max(known.end, end) })
    }
    if (now() < sweptAt + sweepSeconds && now() >= sweptAt) return
    sweptAt = now()
    for (const [digest, { end }] of dead) if (end <= now()) dead.delete(digest)
  }

  /** @returns whether it is worth asking again at once */
  async function readOnce(): Promise<boolean> {
    const signal = AbortSignal.any([
      closed.signal,
      AbortSignal.timeout(cursor === undefined ? timeoutMilliseconds.first : timeoutMilliseconds.other),
    ])
    const query = cursor === undefined ? '' : `?after=${encodeURIComponent(cursor)}&wait=${waitSeconds}`
    const asked = performance.now()
    const response = await fetch(uri + query, { redirect: 'manual', signal })
    if (response.status !== 200 || response.redirected) {
      await response.body?.cancel()
      throw new Error(`${uri} answered ${response.status}`)
    }
    const document = await verified(await boundedText(response, uri, maxBytes), { issuer, keys, ...parts })
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
    concernedBy(claims, kind) {
      const named = Object.entries(claimOf).filter(([, claim]) => typeof claims[claim] === 'string')
      const digests = named.map(([about, claim]) => digestOf(issuer, about, claims[claim] as string))
      // A token that says no time is older than any.
      return { digests, iat: typeof claims.iat === 'number' ? claims.iat : 0, kind }
    },
    settle: () => first,
    judge({ digests, iat, kind }) {
      if (iat <= everythingBefore) throw new BearerError('revoked')
      for (const digest of digests) {
        const sentence = dead.get(digest)
        if (sentence && iat <= sentence.before) throw new BearerError('revoked')
      }
      if (whenStale[kind] === 'refuse' && isStale()) throw new BearerError('revocations_unavailable', { retryAfter: 30 })
    },
    close: () => closed.abort(),
  }
}

type Entry = readonly [digest: string, end: number, before?: number]

interface Document {
  iat: number
  cursor: string
  before?: number
  /** There is more to be read at once. */
  more?: unknown
  entries: readonly Entry[]
}

/** Validates: the type, ES256 by a key of the issuer, the issuer, the shape. Does NOT validate: its age, since an old list is not wrong. */
async function verified(
  text: string,
  { issuer, keys, verifySignature }: Pick<RevocationParts, 'issuer' | 'keys' | 'verifySignature'>,
): Promise<Document> {
  const [header = '', payload = '', signature = '', ...rest] = text.split('.')
  const { typ, alg, kid, crit } = decodeObject(header)
  if (rest.length > 0 || typ !== 'revocations+jwt' || alg !== 'ES256' || typeof kid !== 'string' || crit !== undefined)
    throw new Error('the list of revocations is none')
  const key = await keys.find(kid)
  const signed = Buffer.from(`${header}.${payload}`, 'latin1')
  if (key?.algorithm !== 'ES256' || !verifySignature('ES256', key.key, signed, Buffer.from(signature, 'base64url')))
    throw new Error('the list of revocations is not signed by the issuer')
  const document = decodeObject(payload)
  const { iss, iat, cursor, before, entries } = document
  const isWhole = iss === issuer && isTime(iat) && typeof cursor === 'string' && (before === undefined || isTime(before))
  if (!isWhole || !Array.isArray(entries) || !entries.every(isEntry)) throw new Error('the list of revocations has another shape')
  return document as unknown as Document
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && typeof entry[0] === 'string' && isTime(entry[1]) && (entry[2] === undefined || isTime(entry[2]))

function digestOf(issuer: string, about: string, value: string): string {
  const inner = hash('sha256', value, 'base64url')
  return hash('sha256', `${issuer}\n${about}\n${inner}`, 'buffer').subarray(0, 16).toString('base64url')
}

/** Keeps no process alive by itself. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return wait(milliseconds, undefined, { signal, ref: false }).catch(() => {})
}
