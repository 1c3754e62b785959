/**
 * An API that follows a list, as a process of its own: what its memory grows by, what reading takes, and, where the list is of the world, what is
 * added to each verification. `node --expose-gc bench/revocation/reader.ts '<question>'`; prints an answer.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { fixedKeys } from '../../src/resource-server/keys.ts'
import { type Concerned, followRevocations } from '../../src/resource-server/revocations.ts'
import { verifySignature } from '../../src/resource-server/signature.ts'
import type { Verified } from '../../src/resource-server/verify.ts'
import { median } from '../table.ts'
import { audience, type BenchKey, claimsOf, liveTokens, makeKey, revokedOneIn, signed } from './world.ts'

export interface Question {
  issuer: string
  /** By which the list is signed. */
  jwk: BenchKey['jwk']
  /** Asks about each of the tokens that live, and measures verification. */
  judges: boolean
}

export interface Answer {
  entries: number
  heapMegabytes: number
  residentMegabytes: number
  /** Of processor time. */
  readSeconds: number
  judged?: Judged
}

/** Times in microseconds of processor time, each a median of rounds that alternate. */
export interface Judged {
  refused: number
  wronglyJudged: number
  fresh: { plain: number; unseen: number; seen: number }
  known: { plain: number; following: number; unchanged: number; miss: number; hit: number }
}

const rounds = 150
const verifiedPerRound = 100
const judgedPerRound = 2_000
const freshAtOnce = 50
const peopleSeen = 2_000
const cacheEntries = 500

const { issuer, jwk, judges } = JSON.parse(process.argv[2] as string) as Question
const now = () => Math.floor(Date.now() / 1_000)
const tokenKey = makeKey('tokens')
const jwks = { keys: [jwk, tokenKey.jwk] as never[] }
const resource = defineResource({ id: audience, scopes: { 'notes:read': 'Read your notes' } })
const list = `${issuer}/revocations`
const kit = (more: object) =>
  createResourceServer({ issuer, resource, jwks, dangerouslyAllowHttp: true, cache: { maxEntries: cacheEntries }, ...more })

let entries = 0
const before = await memory()
const begun = process.cpuUsage()
const following = kit({
  revocations: { uri: list },
  on(event: { type: string; entries?: number; error?: unknown }) {
    if (event.type === 'revocations_failed') throw event.error
    entries += event.entries ?? 0
  },
})
await following.ready()
const { user, system } = process.cpuUsage(begun)
const after = await memory()
const answer: Answer = {
  entries,
  heapMegabytes: after.heap - before.heap,
  residentMegabytes: after.resident - before.resident,
  readSeconds: (user + system) / 1e6,
  ...(judges && { judged: await judge() }),
}
console.log(JSON.stringify(answer))
process.exit(0)

async function memory() {
  for (let count = 0; count < 3; count++) {
    globalThis.gc?.()
    await wait(50)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: (heapUsed + external) / 2 ** 20, resident: rss / 2 ** 20 }
}

async function judge(): Promise<Judged> {
  const reader = followRevocations({
    ...{ issuer, now, fetch, verifySignature, keys: fixedKeys(jwks) },
    locate: async () => list,
    headers: {},
    staleAfter: 900,
    whenStale: { access_token: 'accept', api_key: 'refuse' },
    read: () => {},
    stale: () => {},
    failed(error) {
      throw error
    },
  })
  await reader.settle()
  const at = now()
  // By way of JSON, as the payload of a token becomes claims: texts that were put together here would be read slower.
  const verified = (number: number, more: object = {}): Verified => ({
    claims: JSON.parse(JSON.stringify({ ...claimsOf(number, issuer, at), ...more })),
    kind: 'access_token',
    kid: 'tokens',
  })
  const isRefused = (concerned: Concerned): boolean => {
    try {
      reader.judge(concerned)
      return false
    } catch {
      return true
    }
  }

  let refused = 0
  let wronglyJudged = 0
  for (let number = 0; number < liveTokens; number++) {
    const isOver = isRefused(reader.concernedBy({ claims: claimsOf(number, issuer, at), kind: 'access_token', kid: 'tokens' }))
    if (isOver) refused++
    if (isOver !== (number % revokedOneIn === 0)) wronglyJudged++
  }

  const tokens = Array.from({ length: 4 * cacheEntries }, (_, count) => {
    return signed(tokenKey, 'at+jwt', claimsOf(liveTokens + count, issuer, at))
  })
  const plain = kit({})
  const rememberedPlain = kit({})
  const known = tokens.slice(0, cacheEntries)
  for (const token of known) await Promise.all([following, rememberedPlain].map((one) => one.verify(token, 'notes:read')))
  // Their sentence says a time before that of the token: it is found, and the token is good.
  const aliveNumbers = Array.from({ length: 10_000 }, (_, count) => count)
  const misses = aliveNumbers.map((count) => reader.concernedBy(verified(count * 7 + 1_000_000_001)))
  const hits = aliveNumbers.map((count) => reader.concernedBy(verified((count % 5_000) * 20 * revokedOneIn, { iat: at + 7_200 })))
  if (misses.some(isRefused) || hits.some(isRefused)) throw new Error('a good token was refused')

  const nextToken = inTurn(tokens)
  const [nextPlain, nextFollowing] = [inTurn(known), inTurn(known)]
  const [nextMiss, nextHit, nextUnchanged] = [inTurn(misses), inTurn(hits), inTurn(misses.slice(0, cacheEntries))]
  /** As after an addition to the list. */
  const anew = (one: Concerned): Concerned => ({ ...one, judgedAt: 0 })
  /** Few at a time: a token is judged when its claims have just been read, and not when they have left the processor's cache again. */
  const timeOfFresh = (make: (count: number) => Verified): number => {
    const times = Array.from({ length: judgedPerRound / freshAtOnce }, (_, from) => {
      const ready = Array.from({ length: freshAtOnce }, (_, at) => make(from * freshAtOnce + at))
      return timeOfEach(ready, (one) => reader.judge(reader.concernedBy(one)))
    })
    return times.reduce((sum, time) => sum + time, 0) / times.length
  }
  let unseenBefore = 2 * liveTokens
  let nextJti = 0
  const contenders = {
    plain: async () => {
      const time = stopwatch()
      for (let count = 0; count < verifiedPerRound; count++) await plain.verify(nextToken(), 'notes:read')
      return time() / verifiedPerRound
    },
    unseen: async () => timeOfFresh(() => verified(unseenBefore++)),
    seen: async () =>
      timeOfFresh((count) =>
        verified(liveTokens + (count % peopleSeen), { jti: `jti_${(nextJti++).toString(36).padStart(18, '1')}` }),
      ),
    rememberedPlain: async () => {
      const time = stopwatch()
      for (let count = 0; count < judgedPerRound; count++) await rememberedPlain.verify(nextPlain(), 'notes:read')
      return time() / judgedPerRound
    },
    following: async () => {
      const time = stopwatch()
      for (let count = 0; count < judgedPerRound; count++) await following.verify(nextFollowing(), 'notes:read')
      return time() / judgedPerRound
    },
    unchanged: async () => timeOfEach(Array.from({ length: judgedPerRound }, nextUnchanged), reader.judge),
    miss: async () =>
      timeOfEach(
        Array.from({ length: judgedPerRound }, () => anew(nextMiss())),
        reader.judge,
      ),
    hit: async () =>
      timeOfEach(
        Array.from({ length: judgedPerRound }, () => anew(nextHit())),
        reader.judge,
      ),
  }
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const time = await run()
      // The first rounds warm up.
      if (round >= rounds / 3) times[name]?.push(time)
    }
  const of = (name: keyof typeof contenders) => median(times[name] as number[])
  return {
    refused,
    wronglyJudged,
    fresh: { plain: of('plain'), unseen: of('unseen'), seen: of('seen') },
    known: {
      plain: of('rememberedPlain'),
      following: of('following'),
      unchanged: of('unchanged'),
      miss: of('miss'),
      hit: of('hit'),
    },
  }
}

function timeOfEach<T>(ready: readonly T[], run: (one: T) => void): number {
  const time = stopwatch()
  for (const one of ready) run(one)
  return time() / ready.length
}

/** @returns microseconds of processor time since */
function stopwatch(): () => number {
  const begun = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(begun)
    return user + system
  }
}

function inTurn<T>(items: readonly T[]): () => T {
  let at = 0
  return () => {
    at = (at + 1) % items.length
    return items[at] as T
  }
}
