/**
 * Sends letters, without anybody waiting for them: what is answered tells nothing of whether one went out. A letter is written and sent after
 * the answer, and tried again while the mail server is away. One that somebody asked for is kept nowhere, since a stranger may have, and goes
 * with the process; whoever misses it asks again. One that tells what happened to an account is owed: it is a row until it is delivered.
 */
import { randomInt, randomUUID } from 'node:crypto'
import type { Clock, Later } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { currentRequest } from '../base/request.ts'
import { digest } from '../crypto/derive.ts'
import { createDebts, type DebtStore, type Debts, nowhere, type Outcome } from '../outgoing/debts.ts'
import type { Condition } from '../store/audit.ts'
import type { Inbox } from './inbox.ts'
import type { Letter, Letters } from './letters.ts'
import type { OwedLetter } from './owed.ts'
import type { Transport } from './smtp.ts'

export interface Mailer {
  /** Letters get somewhere. Where they do not, nothing may be offered that needs one. */
  readonly delivers: boolean
  /** How many letters are waiting or under way in this process. */
  readonly waiting: number
  /** Returns at once: the letter is written and sent after the answer. Does NOT say whether it arrives, and throws for no delivery. */
  send(letter: Letter): void
  /**
   * For a letter that tells what happened to somebody's account. To be begun in the turn of the change that it tells of, behind it, so that
   * one commit holds both; before it where the change removes the account. Delivered at least once, perhaps twice, within three days.
   * @param ifThere judged behind that change: where it was refused, because somebody was quicker, there is nothing to tell of
   */
  owe(letter: Letter, ifThere: Condition): Promise<void>
  /** Takes up what is owed by processes that are gone, all or these owners; by the command line, which delivers nothing itself, `beside`. */
  takeUp(owners?: string[]): Promise<void>
  /** Gives what is waiting for no pause a few seconds, then ends what is under way. */
  close(): Promise<void>
}

export interface MailerParts {
  /** Read and compiled with the first letter. */
  letters: () => Letters
  /** One of the two, or neither: then nothing is delivered. */
  inbox?: Inbox | undefined
  transport?: Transport | undefined
  owed: DebtStore<OwedLetter>
  /** Of this process; without one it delivers nothing of what it owes. */
  owner?: string | undefined
  later: Later
  now: Clock
  log: Log
}

/** Whoever owes without delivering: a process beside the server. */
export const beside = 'beside'

/** Five attempts in all, the last twenty minutes after the first: a link in a letter is good for half an hour at least. */
const pauses = [5_000, 30_000, 180_000, 1_000_000]

/** For what is owed: the last a day and three quarters after the first. */
const longPauses = [5_000, 30_000, 180_000, 1_000_000, 3_600_000, 14_400_000, 43_200_000, 86_400_000]
const longestOwedSeconds = 259_200

const limits = { debts: 2_000, debtsPerCreditor: 2_000, atOnce: 10, atOncePerCreditor: 10, atOnceInDoubt: 10 }

const drainMilliseconds = 5_000

export function createMailer({ letters, inbox, transport, owed: store, owner, later, now, log }: MailerParts): Mailer {
  // In development a person waits for it. Elsewhere a moment by chance, or the next request would be slower where a letter was written for this one.
  const moment = () => new Promise<void>((resolve) => later(inbox ? 0 : randomInt(50, 250), resolve))

  async function deliver({ id, letter: { to, kind, model } }: OwedLetter): Promise<Outcome> {
    await moment()
    const words = letters().write({ kind, model } as Letter)
    if (transport) return transport.deliver({ to, id: digest(id), ...words })
    inbox?.put({ kind, to, ...words })
    return { is: 'delivered' }
  }

  const common = {
    deliver,
    creditorOf: () => 'mail server',
    about: ({ letter: { kind }, request }: Pick<OwedLetter, 'letter' | 'request'>) => ({ kind, request }),
    event: 'mail',
    tooMany: 'too many letters are waiting',
    later,
    now,
    log,
  }
  const asked: Debts<OwedLetter> = createDebts<OwedLetter>({ ...common, store: nowhere, pauses, lifetimeSeconds: 3_600, limits })
  // Apart, so that a flood of letters that strangers ask for takes neither room nor turn of what is owed.
  const owed = createDebts<OwedLetter>({
    ...common,
    store,
    owner,
    pauses: longPauses,
    lifetimeSeconds: longestOwedSeconds,
    limits: { ...limits, debts: 10_000, debtsPerCreditor: 10_000 },
  })
  const delivers = inbox !== undefined || transport !== undefined

  function send(letter: Letter): void {
    const request = currentRequest()
    if (delivers) void asked.owe({ letter, request })
    else log.error('mail.dropped', { request, kind: letter.kind, reason: 'the settings name no mail server' })
  }

  return {
    delivers,
    get waiting() {
      return asked.size + owed.size
    },
    send,
    async owe(letter, ifThere) {
      if (!delivers) return
      const debt = { letter, request: currentRequest(), ifThere }
      if (owner !== undefined) return owed.owe(debt)
      await store.add({ ...debt, id: `${beside}.${randomUUID()}`, expiresAt: now() + longestOwedSeconds })
    },
    takeUp: (owners) => owed.resume(owners),
    async close() {
      const enough = new Promise<void>((resolve) => later(drainMilliseconds, resolve))
      await Promise.race([Promise.all([asked.drained(), owed.drained()]), enough])
      transport?.close()
      await Promise.all([asked.close(enough), owed.close(enough)])
    },
  }
}
