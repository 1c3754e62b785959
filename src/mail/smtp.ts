/** Letters by SMTP, with nodemailer, which is loaded with the first letter: it takes fifteen megabytes. */
import type { Clock } from '../base/clock.ts'
import type { Outcome } from '../outgoing/debts.ts'
import { mailbox } from './address.ts'
import type { LetterWords } from './templates.ts'

export interface SmtpOptions {
  host: string
  port: number
  /** `starttls`: without it nothing is said. */
  tls: 'starttls' | 'implicit' | 'none'
  user?: string | undefined
  password?: string | undefined
  /** Certificates in PEM that are trusted instead of the known authorities. */
  ca?: string | undefined
  connections: number
  timeoutSeconds: number
  from: { name: string; address: string }
  replyTo?: string | undefined
  /** What this server calls itself to the other. */
  clientName: string
  now: Clock
}

export interface Message extends LetterWords {
  to: string
  /** The same for each attempt, so that what arrives twice is shown once. */
  id: string
}

export interface SmtpFault {
  /** For programs, e.g. `EAUTH 535`: nothing in it is the other server's words, which may quote the letter. */
  reason: string
  /** The other server's words, or the system's, for the eyes of whoever runs this one. */
  said: string
  /** The same letter may be taken later. */
  mayPass: boolean
}

export interface Transport {
  deliver(message: Message): Promise<Outcome>
  /** Connects, does what stands before a letter, and sends none. */
  check(): Promise<SmtpFault | undefined>
  /** @returns undefined when the other server took it */
  send(message: Message): Promise<SmtpFault | undefined>
  /** Ends what is under way. */
  close(): void
}

export function createSmtp(options: SmtpOptions): Transport {
  type Transporter = Awaited<ReturnType<typeof open>>
  let opened: Promise<Transporter> | undefined
  let closed = false

  async function open() {
    const { createTransport } = await import('nodemailer')
    const { host, port, tls, user, password, ca, connections, timeoutSeconds, clientName } = options
    const patience = timeoutSeconds * 1_000
    return createTransport({
      host,
      port,
      name: clientName,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      pool: true,
      maxConnections: connections,
      maxMessages: 100,
      // A kept connection that was closed meanwhile costs no attempt; what is worse is for the mailer to try again.
      maxRequeues: 1,
      dnsTimeout: patience,
      connectionTimeout: patience,
      greetingTimeout: patience,
      socketTimeout: patience,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  const transporter = () => {
    opened ??= open()
    return opened
  }

  async function send({ to, id, subject, text, html }: Message): Promise<SmtpFault | undefined> {
    const address = mailbox(to)
    const from = mailbox(options.from.address)
    if (address === undefined || from === undefined) return { reason: 'EADDRESS', said: '', mayPass: false }
    if (closed) return { reason: 'ECLOSED', said: '', mayPass: true }
    return faultOf(async () =>
      (await transporter()).sendMail({
        envelope: { from, to: [address] },
        from: { name: options.from.name, address: from },
        to: { name: '', address },
        ...(options.replyTo !== undefined && { replyTo: options.replyTo }),
        subject,
        text,
        html,
        date: new Date(options.now() * 1_000),
        messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        // RFC 3834 s5: nobody's absence notes are to come back.
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
    )
  }

  return {
    send,
    async deliver(message) {
      const fault = await send(message)
      if (!fault) return { is: 'delivered' }
      return { is: fault.mayPass ? 'failed' : 'refused', reason: fault.reason }
    },
    check: () => faultOf(async () => (await transporter()).verify()),
    close() {
      closed = true
      opened?.then(
        (one) => one.close({ force: true }),
        () => {},
      )
    },
  }
}

/** What is about us (the name, TLS, the log-in, the sender) may be put right before the last attempt; a letter that was refused stays refused. */
const aboutUs = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'ETLS', 'EREQUIRETLS', 'EDNS'])

type SmtpError = Error & { code?: string; responseCode?: number; response?: string }

async function faultOf(act: () => Promise<unknown>): Promise<SmtpFault | undefined> {
  try {
    await act()
    return undefined
  } catch (cause) {
    const { code = 'EUNKNOWN', responseCode, response, message } = cause as SmtpError
    const known = /^E[A-Z0-9]{1,30}$/.test(code) ? code : 'EUNKNOWN'
    const status = typeof responseCode === 'number' ? ` ${responseCode}` : ''
    const isFinal = status !== '' && (responseCode as number) >= 500 && !aboutUs.has(known)
    return { reason: `${known}${status}`, said: response ?? message, mayPass: !isFinal }
  }
}
