/** Sends letters, without anybody waiting for them: what is answered tells nothing of whether one went out. */
import { AsyncResource } from 'node:async_hooks'
import type { Later } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { currentRequest } from '../base/request.ts'
import type { Inbox } from './inbox.ts'
import type { Letter, Letters } from './letters.ts'

/** An account, and by a version the change of its credentials that made it. */
export interface Whose {
  account: string
  credentialsVersion?: number
}

export interface Mailer {
  /** Letters get somewhere. Where they do not, nothing may be offered that needs one. */
  readonly delivers: boolean
  /** Returns at once: the letter is written and sent after the answer. Does NOT say whether it arrives, and throws for no delivery. */
  send(letter: Letter): void
  /**
   * For a letter that tells what happened to somebody's account. To be begun in the turn of the change that it tells of, so that one commit
   * holds both.
   * @param whose judged behind that change: where it was refused, because somebody was quicker, there is nothing to tell of
   */
  owe(letter: Letter, whose: Whose): Promise<void>
}

export interface MailerParts {
  letters: () => Letters
  inbox?: Inbox | undefined
  later: Later
  log: Log
}

export function createMailer({ letters, inbox, later, log }: MailerParts): Mailer {
  function deliver({ to, ...letter }: Letter, request: string | undefined): void {
    try {
      inbox?.put({ kind: letter.kind, to, ...letters().write(letter) })
      log.info('mail.sent', { request, kind: letter.kind })
    } catch (error) {
      log.error('mail.failed', { request, kind: letter.kind, error })
    }
  }
  function send(letter: Letter): void {
    const request = currentRequest()
    if (inbox)
      later(
        0,
        AsyncResource.bind(() => deliver(letter, request)),
      )
    else log.error('mail.dropped', { request, kind: letter.kind, reason: 'the settings name no mail server' })
  }
  return { delivers: inbox !== undefined, send, owe: async (letter) => send(letter) }
}
