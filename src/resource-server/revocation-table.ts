/**
 * Sentences by their digests, looked up at every verification. They lie in plain memory, 24 bytes each and as much again at most to find them by,
 * that no garbage collector walks; a Map of strings takes three times as much, and ends at sixteen million.
 */

/** 128 bits as four signed words. */
export type Digest = readonly [number, number, number, number]

export interface RevocationTable {
  /** Merges: of the times and of the ends the later one stays. Without a time: later than any. */
  add(digest: Digest, end: number, before?: number): void
  isDead(digest: Digest, iat: number): boolean
  /** Gives back what the ended ones held of a part of the table: the next part each time. */
  tidy(): void
  /** Those kept, and some that have ended and whose room was not wanted yet. */
  size(): number
}

/** What is not there is found out by the heads alone: they are few enough to lie in the processor's cache. */
interface Shard {
  /** The first word of each digest; 0 where there is none. */
  heads: Int32Array
  /** The other three, the end, and the time. */
  rests: Int32Array
  used: number
}

/** Each grows by itself: with ten million sentences the longest pause is one of some milliseconds, not of seconds. */
const shardCount = 256
const shardsTidied = 8
const wordsPerRest = 5
const leastSlots = 8
const always = 0xffff_ffff

/** @param now seconds since the epoch; from its end on a sentence may go, and goes once its room is wanted */
export function createRevocationTable(now: () => number): RevocationTable {
  const shards: (Shard | undefined)[] = Array.from({ length: shardCount })
  let tidied = 0

  /** With the living alone, which take half of it. */
  function rebuilt({ heads, rests }: Shard): Shard {
    const at = now()
    const living: number[] = []
    for (let slot = 0; slot < heads.length; slot++) if (heads[slot] !== 0 && endOf(rests, slot) > at) living.push(slot)
    const next = emptyShard(Math.max(leastSlots, living.length * 2))
    next.used = living.length
    for (const slot of living) {
      const rest = slot * wordsPerRest
      const head = heads[slot] as number
      const free = slotOf(next, head, rests[rest] as number, rests[rest + 1] as number, rests[rest + 2] as number)
      next.heads[free] = head
      next.rests.set(rests.subarray(rest, rest + wordsPerRest), free * wordsPerRest)
    }
    return next
  }

  return {
    add(digest, end, before = always) {
      if (end <= now()) return
      const [first, second, third, fourth] = digest
      const number = shardOf(second)
      let shard = shards[number] ?? emptyShard(leastSlots)
      let slot = slotOf(shard, first, second, third, fourth)
      if (shard.heads[slot] === 0) {
        // Three quarters full: nine slots are looked at for what is not there.
        if ((shard.used + 1) * 4 > shard.heads.length * 3) {
          shard = rebuilt(shard)
          slot = slotOf(shard, first, second, third, fourth)
        }
        shard.used++
        shard.heads[slot] = headOf(first)
        shards[number] = shard
      }
      const { rests } = shard
      const rest = slot * wordsPerRest
      rests[rest] = second
      rests[rest + 1] = third
      rests[rest + 2] = fourth
      rests[rest + 3] = Math.max(endOf(rests, slot), bounded(end))
      rests[rest + 4] = Math.max(beforeOf(rests, slot), bounded(before))
    },
    isDead(digest, iat) {
      const shard = shards[shardOf(digest[1])]
      if (!shard) return false
      // By index: taking it apart goes by the protocol of iterators, for each of the digests of each token.
      const slot = slotOf(shard, digest[0], digest[1], digest[2], digest[3])
      if (shard.heads[slot] === 0) return false
      const before = beforeOf(shard.rests, slot)
      return before === always || iat <= before
    },
    tidy() {
      for (let count = 0; count < shardsTidied; count++) {
        const number = tidied++ % shardCount
        const shard = shards[number]
        if (!shard) continue
        const smaller = rebuilt(shard)
        if (smaller.heads.length * 2 <= shard.heads.length || smaller.used === 0)
          shards[number] = smaller.used > 0 ? smaller : undefined
      }
    },
    size: () => shards.reduce((sum, shard) => sum + (shard?.used ?? 0), 0),
  }
}

function emptyShard(slots: number): Shard {
  return { heads: new Int32Array(slots), rests: new Int32Array(slots * wordsPerRest), used: 0 }
}

const shardOf = (second: number): number => second & (shardCount - 1)
const headOf = (first: number): number => first || 1

/** @returns where this digest stands, or the free slot in which it would */
function slotOf({ heads, rests }: Shard, first: number, second: number, third: number, fourth: number): number {
  const head = headOf(first)
  let slot = Math.floor((head >>> 0) * (heads.length / 2 ** 32))
  for (;;) {
    const found = heads[slot]
    if (found === 0) return slot
    if (found === head) {
      const rest = slot * wordsPerRest
      if (rests[rest] === second && rests[rest + 1] === third && rests[rest + 2] === fourth) return slot
    }
    if (++slot === heads.length) slot = 0
  }
}

const endOf = (rests: Int32Array, slot: number): number => (rests[slot * wordsPerRest + 3] as number) >>> 0
const beforeOf = (rests: Int32Array, slot: number): number => (rests[slot * wordsPerRest + 4] as number) >>> 0

/** Times fit 32 bits until 2106; what is beyond is taken for the last of them: kept longer, and dead whenever it was issued. */
const bounded = (time: number): number => Math.min(Math.max(time, 0), always)
