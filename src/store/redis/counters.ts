/** Counters in Redis. */
import type { Clock } from '../../base/clock.ts'
import type { CounterStore } from '../store.ts'
import { answered } from './faults.ts'
import type { ScriptedRedis } from './scripts.ts'

export function redisCounters(redis: ScriptedRedis, prefix: string, now: Clock): CounterStore {
  return {
    async hit(key, windowSeconds) {
      const endsAt = now() + windowSeconds
      const answer = await answered(redis.signetHit(prefix + key, now(), endsAt))
      return { count: answer[0], endsAt: Number(answer[1]) }
    },
    async takeBack(key, endsAt) {
      await answered(redis.signetTakeBack(prefix + key, now(), endsAt))
    },
  }
}
