/**
 * What is owed to somebody elsewhere (that a session ended, a letter), told without anybody here waiting for it. A debt is kept before whoever
 * owes it goes on, and leaves when it was taken, when it was refused for good, or after the last attempt. What a process leaves behind, killed
 * or stopped, another one takes up: what is owed is told at least once, perhaps twice.
 *
 * Everything is bounded: debts, attempts, and how many are under way, so that a creditor that is dead harms itself alone (`turns.ts`).
 */
import { AsyncResource } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Clock, Later } from '../base/clock.ts'
import type { Fields, Log } from '../base/log.ts'
import { createTurns, type TurnLimits } from './turns.ts'

/** What became of one attempt; `reason` is for the log. Of what was `postponed` the creditor knows nothing: we were too busy to ask it. */
export type Outcome = { is: 'delivered' } | { is: 'refused' | 'failed' | 'postponed'; reason: string }

export interface Debt {
  id: string
  expiresAt: number
}

/** Where debts outlive the process, if they do. */
export interface DebtStore<T extends Debt> {
  /** @returns whether it is owed, once it is kept */
  add(debt: T): Promise<boolean>
  remove(id: string): Promise<void>
  /** Those that end first, at most `limit`, of all or of this owner. */
  list(limit: number, owner?: string): Promise<T[]>
}

/** Debts that go with the process. */
export const nowhere: DebtStore<never> = { add: async () => true, remove: async () => {}, list: async () => [] }

export interface DebtLimits extends TurnLimits {
  debts: number
  debtsPerCreditor: number
}

export interface DebtParts<T extends Debt> {
  store: DebtStore<T>
  /** Of the process, and in the ids of its debts: if it dies beside others, one of them takes up what it owed. */
  owner?: string | undefined
  /** One attempt. `failed` may be tried again, `refused` may not; `postponed` was none. */
  deliver(debt: T): Promise<Outcome>
  /** Whose turn it is and whose room is taken is counted by this. */
  creditorOf(debt: Omit<T, keyof Debt>): string
  /** What is logged of a debt, and the first half of the names of events. */
  about(debt: Omit<T, keyof Debt>): Fields
  event: string
  /** Between attempts, in milliseconds: there is one attempt more than pauses. */
  pauses: readonly number[]
  lifetimeSeconds: number
  limits: DebtLimits
  /** What is logged where there is no room. */
  tooMany: string
  later: Later
  now: Clock
  log: Log
}

/** How often an attempt is put off, and for how long, before it counts as one that failed. */
const postponements = { most: 60, milliseconds: 1_000 }

export interface Debts<T extends Debt> {
  /** Resolves when the debt will outlive this process as far as its store does; whether it is taken is found out later. */
  owe(what: Omit<T, keyof Debt>): Promise<void>
  /**
   * Takes up what other processes left: all that is owed, or what these owners owed.
   * @param owners that are gone; what a living one owes would be told twice
   */
  resume(owners?: string[]): Promise<void>
  /** How many are waiting or under way here. */
  readonly size: number
  /** Waits until nothing is under way, and begins what waits for no pause. */
  drained(): Promise<void>
  /**
   * Begins no attempt any more, and waits for those under way. What is left stays in the store.
   * @param patience whose end is not waited beyond
   */
  close(patience?: Promise<unknown>): Promise<void>
}

interface Pending<T> {
  debt: T
  attempts: number
  /** Since the last attempt. */
  postponed: number
}

export function createDebts<T extends Debt>(parts: DebtParts<T>): Debts<T> {
  const { store, owner = randomUUID(), deliver, creditorOf, about, event, pauses, limits, later, now, log } = parts
  const owed = new Map<string, Pending<T>>()
  const turns = createTurns<Pending<T>>(limits, ({ debt }) => creditorOf(debt))
  const underWay = new Set<Promise<void>>()
  let closed = false
  /** Being kept just now. */
  let coming = 0

  const countOf = (creditor: string) => [...owed.values()].filter(({ debt }) => creditorOf(debt) === creditor).length
  const isFull = (what: Omit<T, keyof Debt>) =>
    owed.size + coming >= limits.debts ||
    (owed.size >= limits.debtsPerCreditor && countOf(creditorOf(what)) >= limits.debtsPerCreditor)

  // Bound to here: an attempt belongs to no request, and must not keep one alive that is answered.
  const pump = AsyncResource.bind((): void => {
    for (let next = closed ? undefined : turns.next(); next; next = turns.next()) {
      const done = attempt(next).finally(() => {
        underWay.delete(done)
        pump()
      })
      underWay.add(done)
    }
  })

  async function attempt(one: Pending<T>): Promise<void> {
    const { debt } = one
    const outcome = await deliver(debt).catch((cause): Outcome => ({ is: 'failed', reason: String(cause?.message ?? cause) }))
    if (outcome.is === 'postponed' && one.postponed < postponements.most) {
      turns.done(one)
      if (one.postponed === 0) log.info(`${event}.postponed`, { ...about(debt), reason: outcome.reason })
      one.postponed += 1
      return again(one, postponements.milliseconds)
    }
    turns.done(one, outcome.is === 'delivered')
    one.attempts += 1
    one.postponed = 0
    const fields = { ...about(debt), attempt: one.attempts }
    if (outcome.is === 'delivered') {
      log.info(`${event}.delivered`, fields)
      return forget(debt)
    }
    const pause = pauses[one.attempts - 1]
    if (outcome.is === 'refused' || pause === undefined) {
      log.error(`${event}.given_up`, { ...fields, reason: outcome.reason })
      return forget(debt)
    }
    log.info(`${event}.failed`, { ...fields, reason: outcome.reason, againInMilliseconds: pause })
    again(one, pause)
  }

  function again(one: Pending<T>, milliseconds: number): void {
    later(milliseconds, () => {
      turns.add(one)
      pump()
    })
  }

  /** A row that cannot be removed now is told once more by the next process. */
  async function forget({ id }: T): Promise<void> {
    owed.delete(id)
    await store.remove(id).catch((error) => log.error(`${event}.not_forgotten`, { error }))
  }

  function take(debt: T): void {
    const one = { debt, attempts: 0, postponed: 0 }
    owed.set(debt.id, one)
    turns.add(one)
    pump()
  }

  return {
    async owe(what) {
      if (isFull(what)) {
        log.error(`${event}.dropped`, { ...about(what), reason: parts.tooMany })
        return
      }
      const debt = { ...what, id: `${owner}.${randomUUID()}`, expiresAt: now() + parts.lifetimeSeconds } as T
      coming++
      if (await store.add(debt).finally(() => coming--)) take(debt)
    },
    async resume(owners) {
      for (const one of owners ?? [undefined])
        for (const debt of await store.list(limits.debts, one)) if (!owed.has(debt.id)) take(debt)
    },
    get size() {
      return owed.size
    },
    async drained() {
      while (underWay.size > 0) await Promise.race(underWay)
    },
    async close(patience) {
      closed = true
      await Promise.race([Promise.all(underWay), ...(patience ? [patience] : [])])
      for (const { debt, attempts } of owed.values()) log.info(`${event}.left`, { ...about(debt), attempts })
    },
  }
}
