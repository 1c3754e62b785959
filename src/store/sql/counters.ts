/** Counters in a SQL table. One upsert reads, adds and writes, so that no two hits can see the same value. */
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { CounterStore } from '../store.ts'
import type { SqlEngine } from './engine.ts'
import type { CounterTable, Tables } from './tables.ts'
import { type Slot, template } from './template.ts'

export function sqlCounters(engine: SqlEngine, now: Clock): CounterStore {
  const { db } = engine
  const hit = template((slot: Slot<Omit<CounterTable, 'count'> & { now: number }>) => {
    const open = sql`counters.ends_at > ${slot('now')}`
    return db
      .insertInto('counters')
      .values({ name: slot('name'), count: 1, ends_at: slot('ends_at') })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({
          count: sql<number>`case when ${open} then counters.count + 1 else 1 end`,
          ends_at: sql<number>`case when ${open} then counters.ends_at else excluded.ends_at end`,
        }),
      )
      .returning(['count', 'ends_at'])
  })
  const takeBack = template((slot: Slot<Pick<CounterTable, 'name' | 'ends_at'>>) =>
    db
      .updateTable('counters')
      .set({ count: sql<number>`counters.count - 1` })
      .where('name', '=', slot('name'))
      .where('ends_at', '=', slot('ends_at'))
      .where('count', '>', 0),
  )

  return {
    async hit(key, windowSeconds) {
      const { rows } = await engine.write(hit({ name: key, ends_at: now() + windowSeconds, now: now() }))
      const { count, ends_at } = rows[0]!
      return { count, endsAt: ends_at }
    },
    async takeBack(key, endsAt) {
      await engine.write(takeBack({ name: key, ends_at: endsAt }))
    },
  }
}

/** @returns a statement that deletes the counters whose window ended first, at most `limit`. */
export function counterSweep(db: Kysely<Tables>) {
  return template((slot: Slot<{ now: number; limit: number }>) => {
    const ended = db
      .selectFrom('counters')
      .select('name')
      .where('ends_at', '<=', slot('now'))
      .orderBy('ends_at')
      .limit(slot('limit'))
    return db.deleteFrom('counters').where('name', 'in', ended)
  })
}
