/**
 * Sentences of revocation: how they are said, matched and kept. The only knower of that on this side; the list by which others read them is
 * described in docs/revocation.md. Nothing is stored when a token is issued: a sentence is stored when something ends, and leaves when no
 * token that it concerns can be alive.
 */
import type { Clock, Later } from '../base/clock.ts'
import { digest } from '../crypto/derive.ts'
import type { RevocationStore, Sentence, Store } from '../store/store.ts'

/** What a sentence can be about. */
export type Kind = 'token' | 'grant' | 'subject' | 'client' | 'client_tokens' | 'api' | 'kid' | 'everything'

/** The claims of a token that sentences are about. */
export interface Revocable {
  jti: string
  iat: number
  exp: number
  client_id: string
  sub: string
  /** The API that it is for. */
  aud: string
  grant?: string
}

export interface Dead {
  kind: Kind
  /** Digest of what it is about, as the store's columns have it. */
  value: string
  /** See `Sentence`. */
  before?: number
  /** The latest `exp` of what it is about, where that is no access token. */
  expiresAt?: number
}

/** The most that the clocks of verifiers may be apart, which the kit holds as well: for so long after its end a token may be taken. */
const toleranceSeconds = 300
/** The most that the clocks of issuers are apart. */
export const skewSeconds = 5

/**
 * Says of each that it is dead, for as long as a token that it concerns can live.
 * @param at seconds since the epoch
 * @returns how many of them had not been said before
 */
export async function sayDead(store: RevocationStore, dead: readonly Dead[], at: number): Promise<number> {
  if (dead.length === 0) return 0
  const longest = (await store.list())?.longestSeconds ?? longestPossibleSeconds
  const endsAt = ({ kind, expiresAt }: Dead) =>
    (expiresAt ?? at + (kind === 'kid' ? longestLifeSeconds : longest)) + toleranceSeconds
  const said = await store.find(dead)
  // A sentence for good needs no later end: nothing is issued any more that it could be about. So a replay that is tried again and again says nothing new.
  const isSaid = ({ kind, value }: Dead) =>
    said.some((one) => one.kind === kind && one.value === value && one.before === undefined)
  const added = dead.filter((one) => !isSaid(one))
  await store.add(added.map(({ expiresAt, ...one }) => ({ ...one, endsAt: endsAt({ ...one, expiresAt }) })))
  return added.length
}

/** An account that was disabled or removed. Its grants are ended one by one, with what hangs on them (`bonds.ts`). */
export const deadSubject = (id: string, at: number): Dead => ({ kind: 'subject', value: digest(id), before: at })
/**
 * A client that was removed, or whose secret is in other hands. What it is issued later, or another of its name, is good once the clocks of all
 * issuers are past this. API keys name a client as well, and live longer than any access token.
 */
export const deadClient = (id: string, at: number): Dead => ({
  kind: 'client',
  value: digest(id),
  before: at + skewSeconds,
  expiresAt: at + longestLifeSeconds,
})
/** What it was issued says more than it may have by now. */
export const narrowedClient = (id: string, at: number): Dead => ({
  kind: 'client_tokens',
  value: digest(id),
  before: at + skewSeconds,
})
/** @param identifier of an API that is gone, or of which somebody could have more than by now. API keys for it are ended one by one. */
export const deadApi = (identifier: string, at: number): Dead => ({
  kind: 'api',
  value: digest(identifier),
  before: at + skewSeconds,
})
/** One token, by whoever does not have it. @param expiresAt its `exp`, or later */
export const deadToken = (jti: string, expiresAt: number): Dead => ({ kind: 'token', value: digest(jti), expiresAt })
/** Whatever was issued by then, to whomever. */
export const deadEverything = (before: number, at: number): Dead => ({
  ...everything,
  before,
  expiresAt: at + longestLifeSeconds,
})
/** @param value its digest. What was issued from it says more than is allowed by now; what will be does not. */
export const narrowedGrant = (value: string, at: number): Dead => ({ kind: 'grant', value, before: at + skewSeconds })
/** An API key, and what it was exchanged for, whose grant it is. */
export const deadApiKey = ({ jti, expiresAt }: { jti: string; expiresAt: number }): Dead[] => [
  { kind: 'token', value: digest(jti), expiresAt },
  { kind: 'grant', value: digest(jti) },
]
/** A signing key that was taken out before its time. */
export const deadKey = (kid: string): Dead => ({ kind: 'kid', value: digest(kid) })

/** Where no server has said yet how long its tokens live: what the settings allow at most. */
const longestPossibleSeconds = 86_400
/**
 * The longest that anything lives which the kit takes, an API key, whatever the settings say: so long a key that signed some stays published. Whoever has a
 * stolen signing key writes the times of tokens as they like.
 */
export const longestLifeSeconds = 366 * 86_400
/** There is but one: it has no value. */
export const everything = { kind: 'everything', value: '' } as const

export interface Revocations {
  /**
   * Ends one token. Beyond so many of a client within an hour they become one sentence: with the token ends whatever access token the client was issued
   * until that one was, and nothing later. That is known to the second: a token of this very one is answered for when it is over, so that
   * what its client asks for next is good.
   */
  revokeToken(token: Revocable): Promise<void>
  /** Whether any sentence is about this token, or this API key. Does NOT ask by which key it was signed: what is published no more verifies nothing here. */
  isRevoked(token: Revocable, kind?: 'access_token' | 'api_key'): Promise<boolean>
}

const windowSeconds = 3_600

interface Options {
  /** Where tokens are revoked at all. */
  later?: Later
  mostPerClient?: number
}

/** A second is looked for so often, and an issuer's clock that is ahead is not waited for. */
const looks = { everyMilliseconds: 50, most: 20 }

/**
 * @param options `mostPerClient`: sentences about single tokens that one client can cause within an hour. A machine makes tokens for nothing, and each
 * would leave a row for up to a day (the longest that an API's tokens may live).
 */
export function createRevocations(
  { revocations, counters }: Pick<Store, 'revocations' | 'counters'>,
  now: Clock,
  { later, mostPerClient = 10_000 }: Options = {},
): Revocations {
  async function isRevoked(token: Revocable, kind: 'access_token' | 'api_key' = 'access_token'): Promise<boolean> {
    const found = await revocations.find([...sentencesAbout(token), ...(kind === 'access_token' ? aboutAccessTokens(token) : [])])
    return found.some((sentence) => isAgainst(sentence, token))
  }

  /** Follows from the token alone, so that what was issued in one second is said once however much of it is revoked. */
  async function allUntil({ client_id: client, iat }: Revocable): Promise<Sentence> {
    const longest = (await revocations.list())?.longestSeconds ?? longestPossibleSeconds
    return { kind: 'client_tokens', value: digest(client), before: iat, endsAt: iat + longest + toleranceSeconds }
  }

  async function untilAfter(second: number): Promise<void> {
    for (let look = 0; later && now() <= second && look < looks.most; look++)
      await new Promise<void>((resolve) => later(looks.everyMilliseconds, resolve))
  }

  return {
    async revokeToken(token) {
      const { jti, iat, exp, client_id: client } = token
      if (exp <= now() || (await isRevoked(token))) return
      const { count } = await counters.hit(`revoked-tokens:${digest(client)}`, windowSeconds)
      const isFlood = count > mostPerClient
      await revocations.add([
        isFlood ? await allUntil(token) : { kind: 'token', value: digest(jti), endsAt: exp + toleranceSeconds },
      ])
      if (isFlood) await untilAfter(iat)
    },
    isRevoked,
  }
}

function sentencesAbout({ jti, client_id: client, sub, grant }: Revocable): { kind: Kind; value: string }[] {
  return [
    everything,
    { kind: 'token', value: digest(jti) },
    { kind: 'client', value: digest(client) },
    { kind: 'subject', value: digest(sub) },
    ...(grant === undefined ? [] : [{ kind: 'grant', value: digest(grant) } as const]),
  ]
}

/** What can be said that a new API key would be dead by from the start. */
export const sentencesAgainstNew = ({ sub, clientId, kid }: { sub: string; clientId: string; kid: string }) => [
  everything,
  { kind: 'client', value: digest(clientId) },
  { kind: 'subject', value: digest(sub) },
  { kind: 'kid', value: digest(kid) },
]

/** Sentences that spare API keys. */
const aboutAccessTokens = ({ client_id: client, aud }: Revocable) => [
  { kind: 'client_tokens', value: digest(client) },
  { kind: 'api', value: digest(aud) },
]

const isAgainst = ({ before = Number.POSITIVE_INFINITY }: Sentence, { iat }: Revocable): boolean => iat <= before
