/** settings -> what sends letters: a mail server, an inbox in development, or nothing. */
import type { Clock, Later } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { readPassword, readTrusted } from '../crypto/key-files.ts'
import type { Secrets } from '../crypto/secrets.ts'
import { createInbox, type Inbox } from '../mail/inbox.ts'
import { createLetters, type Letters } from '../mail/letters.ts'
import { createMailer, type Mailer } from '../mail/mailer.ts'
import { owedLetters } from '../mail/owed.ts'
import { createSmtp, type Transport } from '../mail/smtp.ts'
import type { Settings } from '../settings/load.ts'
import type { LetterStore } from '../store/store.ts'

export interface Mail {
  mailer: Mailer
  /** Where letters go in development, as long as the settings name no mail server. */
  inbox: Inbox | undefined
}

export interface MailParts {
  /** Undefined where the settings name no mail server. */
  transport: Transport | undefined
  store: LetterStore
  secrets: Secrets
  /** Of a process that serves; see `MailerParts`. */
  owner: string | undefined
  later: Later
  now: Clock
  log: Log
}

export function openMail(settings: Settings, { store, secrets, ...parts }: MailParts): Mail {
  const { transport, now, log } = parts
  const inbox = settings.development && !transport ? createInbox(now) : undefined
  let written: Letters | undefined
  const letters = () => {
    written ??= createLetters(settings)
    return written
  }
  return { mailer: createMailer({ ...parts, letters, inbox, owed: owedLetters(store, secrets, log) }), inbox }
}

/** @returns undefined where the settings name no mail server. @throws Refusal `unreadable_key` when a file that they name cannot be used */
export function smtpOf({ mail, theme, issuer }: Settings, now: Clock): Transport | undefined {
  if (!mail) return undefined
  const { passwordFile, password = passwordFile && readPassword(passwordFile), ca, ...smtp } = mail.smtp
  return createSmtp({
    ...smtp,
    password,
    ca: ca && readTrusted(ca),
    from: { name: mail.name ?? theme.title, address: mail.from },
    replyTo: mail.replyTo,
    clientName: new URL(issuer).hostname,
    now,
  })
}
