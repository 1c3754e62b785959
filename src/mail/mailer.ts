/**
 * Sends letters, without anybody waiting for them: what is answered tells nothing of whether one went out. A letter is written and sent after
 * the answer, tried again for some twenty minutes while the mail server is away, and goes with the process if that ends.
 */
import { randomInt } from 'node:crypto'
import type { Clock, Later } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { currentRequest } from '../base/request.ts'
import { digest } from '../crypto/derive.ts'
import { createDebts, type Debt, type Debts, nowhere, type Outcome } from '../outgoing/debts.ts'
import type { Inbox } from './inbox.ts'
import type { Letter, Letters } from './letters.ts'
import type { Transport } from './smtp.ts'

/** An account, and by a version the change of its credentials that made it. */
export interface Whose {
  account: string
  credentialsVersion?: number
}

export interface Mailer {
  /** Letters get somewhere. Where they do not, nothing may be offered that needs one. */
  readonly delivers: boolean
  /** How many letters are waiting or under way in this process. */
  readonly waiting: number
  /** Returns at once: the letter is written and sent after the answer. Does NOT say whether it arrives, and throws for no delivery. */
  send(letter: Letter): void
  /**
   * For a letter that tells what happened to somebody's account. To be begun in the turn of the change that it tells of, so that one commit
   * holds both.
   * @param whose judged behind that change: where it was refused, because somebody was quicker, there is nothing to tell of
   */
  owe(letter: Letter, whose: Whose): Promise<void>
  /** Gives what is waiting for no pause a few seconds, then ends what is under way. */
  close(): Promise<void>
}

export interface MailerParts {
  /** Read and compiled with the first letter. */
  letters: () => Letters
  /** One of the two, or neither: then nothing is delivered. */
  inbox?: Inbox | undefined
  transport?: Transport | undefined
  later: Later
  now: Clock
  log: Log
}

interface Waiting extends Debt {
  letter: Letter
  request: string | undefined
}

/** Five attempts in all, the last twenty minutes after the first: a link in a letter is good for half an hour at least. */
const pauses = [5_000, 30_000, 180_000, 1_000_000]

const limits = { debts: 2_000, debtsPerCreditor: 2_000, atOnce: 10, atOncePerCreditor: 10, atOnceInDoubt: 10 }

const drainMilliseconds = 5_000

export function createMailer({ letters, inbox, transport, later, now, log }: MailerParts): Mailer {
  // In development a person waits for it. Elsewhere a moment by chance, or the next request would be slower where a letter was written for this one.
  const moment = () => new Promise<void>((resolve) => later(inbox ? 0 : randomInt(50, 250), resolve))

  async function deliver({ id, letter: { to, kind, model } }: Waiting): Promise<Outcome> {
    await moment()
    const words = letters().write({ kind, model } as Letter)
    if (transport) return transport.deliver({ to, id: digest(id), ...words })
    inbox?.put({ kind, to, ...words })
    return { is: 'delivered' }
  }

  const waiting: Debts<Waiting> = createDebts<Waiting>({
    store: nowhere,
    deliver,
    creditorOf: () => 'mail server',
    about: ({ letter: { kind }, request }) => ({ kind, request }),
    event: 'mail',
    pauses,
    lifetimeSeconds: 3_600,
    limits,
    tooMany: 'too many letters are waiting',
    later,
    now,
    log,
  })
  const delivers = inbox !== undefined || transport !== undefined

  function send(letter: Letter): void {
    const request = currentRequest()
    if (delivers) void waiting.owe({ letter, request })
    else log.error('mail.dropped', { request, kind: letter.kind, reason: 'the settings name no mail server' })
  }

  return {
    delivers,
    get waiting() {
      return waiting.size
    },
    send,
    owe: async (letter) => send(letter),
    async close() {
      const enough = new Promise<void>((resolve) => later(drainMilliseconds, resolve))
      await Promise.race([waiting.drained(), enough])
      transport?.close()
      await waiting.close(enough)
    },
  }
}
