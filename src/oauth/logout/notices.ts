/**
 * Telling clients that a session ended (OpenID Connect Back-Channel Logout 1.0), without anybody waiting for them. A notice is kept in the
 * durable store before the sign-out is answered and leaves it when the client has taken it, when it says no for good, or after the last
 * attempt. What a process leaves behind, killed or stopped, the next one takes up: a client is told at least once, perhaps twice.
 *
 * Everything is bounded: notices, attempts, and how many are under way, so that a client that is dead harms itself alone (`turns.ts`).
 */
import { AsyncResource } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Clock, Later } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Notice, NoticeStore } from '../../store/store.ts'
import { createTurns } from './turns.ts'

/** What became of one attempt; `reason` is for the log. Of what was `postponed` the client knows nothing: we were too busy to ask it. */
export type Outcome = { is: 'delivered' } | { is: 'refused' | 'failed' | 'postponed'; reason: string }

export interface NoticeParts {
  store: NoticeStore
  /** Of the process, and in the ids of its notices: if it dies beside others, one of them takes up what it owed. */
  owner?: string
  /** One attempt. `failed` may be tried again, `refused` may not; `postponed` was none. */
  deliver(notice: Notice): Promise<Outcome>
  later: Later
  now: Clock
  log: Log
  limits?: Partial<typeof defaults>
}

const defaults = { notices: 10_000, noticesPerClient: 1_000, atOnce: 8, atOncePerClient: 2, atOnceInDoubt: 6 }

/** Between attempts: five in all, the last two and a half minutes after the first. */
const pauses = [5_000, 15_000, 40_000, 90_000]

/** How often an attempt is put off, and for how long, before it counts as one that failed. */
const postponements = { most: 60, milliseconds: 1_000 }

/** Somebody who was away for longer than a day is not told: the client's own session has likely ended as well. */
const lifetimeSeconds = 86_400

export interface Notices {
  /** Resolves when the notice will outlive this process; whether it arrives is found out later. */
  owe(notice: Pick<Notice, 'client' | 'account' | 'session'>): Promise<void>
  /**
   * Takes up what other processes left: all that is owed, or what these owners owed.
   * @param owners that are gone; what a living one owes would be told twice
   */
  resume(owners?: string[]): Promise<void>
  /** Begins no attempt any more, and waits for those under way. What is left stays in the store. */
  close(): Promise<void>
}

interface Owed extends Notice {
  attempts: number
  /** Since the last attempt. */
  postponed: number
}

export function createNotices({ store, owner = randomUUID(), deliver, later, now, log, limits = {} }: NoticeParts): Notices {
  const most = { ...defaults, ...limits }
  const owed = new Map<string, Owed>()
  const turns = createTurns<Owed>(most)
  const underWay = new Set<Promise<void>>()
  let closed = false

  const who = ({ client, account: subject }: Pick<Notice, 'client' | 'account'>) => ({ client, subject })
  const countOf = (client: string, all: Iterable<Owed>) => [...all].filter((one) => one.client === client).length

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

  async function attempt(notice: Owed): Promise<void> {
    const outcome = await deliver(notice).catch((cause): Outcome => ({ is: 'failed', reason: String(cause?.message ?? cause) }))
    if (outcome.is === 'postponed' && notice.postponed < postponements.most) {
      turns.done(notice)
      if (notice.postponed === 0) log.info('backchannel_logout.postponed', { ...who(notice), reason: outcome.reason })
      notice.postponed += 1
      return again(notice, postponements.milliseconds)
    }
    turns.done(notice, outcome.is === 'delivered')
    notice.attempts += 1
    notice.postponed = 0
    const fields = { ...who(notice), attempt: notice.attempts }
    if (outcome.is === 'delivered') {
      log.info('backchannel_logout.delivered', fields)
      return forget(notice)
    }
    const pause = pauses[notice.attempts - 1]
    if (outcome.is === 'refused' || pause === undefined) {
      log.error('backchannel_logout.given_up', { ...fields, reason: outcome.reason })
      return forget(notice)
    }
    log.info('backchannel_logout.failed', { ...fields, reason: outcome.reason, againInMilliseconds: pause })
    again(notice, pause)
  }

  function again(notice: Owed, milliseconds: number): void {
    later(milliseconds, () => {
      turns.add(notice)
      pump()
    })
  }

  /** A row that cannot be removed now is told once more by the next process. */
  async function forget({ id }: Notice): Promise<void> {
    owed.delete(id)
    await store.remove(id).catch((error) => log.error('backchannel_logout.not_forgotten', { error }))
  }

  function take(notice: Notice): void {
    const one = { ...notice, attempts: 0, postponed: 0 }
    owed.set(one.id, one)
    turns.add(one)
    pump()
  }

  return {
    async owe({ client, account, session }) {
      if (owed.size >= most.notices || countOf(client, owed.values()) >= most.noticesPerClient) {
        log.error('backchannel_logout.dropped', { client, subject: account, reason: 'too many notices are waiting' })
        return
      }
      const notice = { id: `${owner}.${randomUUID()}`, client, account, session, expiresAt: now() + lifetimeSeconds }
      await store.add(notice)
      take(notice)
    },
    async resume(owners) {
      const isTheirs = ({ id }: Notice) => owners === undefined || owners.some((one) => id.startsWith(`${one}.`))
      for (const notice of await store.list(most.notices)) if (isTheirs(notice) && !owed.has(notice.id)) take(notice)
    },
    async close() {
      closed = true
      await Promise.all(underWay)
      for (const notice of owed.values()) log.info('backchannel_logout.left', { ...who(notice), attempts: notice.attempts })
    },
  }
}
