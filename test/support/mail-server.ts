/** A real mail server on a port of its own, with TLS and log-in, that keeps what it takes, parsed, and can be as bad as mail servers are. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { selfSigned } from './certificate.ts'
import { temporaryFolder } from './server.ts'
import { until } from './until.ts'

export interface Taken extends ParsedMail {
  /** Of the envelope. */
  recipients: string[]
  raw: string
  secure: boolean
  user: string | undefined
}

/** What is done with a letter; a number is an SMTP status. `hangs`: no answer ever; `drops`: ends the connection in its middle. */
export type Manner = 'takes' | 'hangs' | 'drops' | number

export interface MailServer {
  port: number
  /** For `mail.smtp` of the settings. */
  smtp: Record<string, unknown>
  taken: Taken[]
  /** How many letters were begun, whatever came of them. */
  readonly begun: number
  /** Of the next letters, one by one; what follows is taken. */
  manners: Manner[]
  /** Waits for a letter to an address. */
  letterTo(address: string, count?: number): Promise<Taken>
  close(): Promise<void>
}

export const user = 'signet'
export const password = 'a-password-of-the-mail-server'

export async function startMailServer({
  implicit = false,
  offersTls = true,
  asksForUser = true,
  port = 0,
}: {
  implicit?: boolean
  offersTls?: boolean
  asksForUser?: boolean
  port?: number
} = {}): Promise<MailServer> {
  const own = selfSigned()
  const ca = path.join(temporaryFolder(), 'ca.pem')
  writeFileSync(ca, own.certificate)
  const taken: Taken[] = []
  const manners: Manner[] = []
  let begun = 0
  const server = new SMTPServer({
    secure: implicit,
    cert: own.certificate,
    key: own.key,
    authOptional: !asksForUser,
    disabledCommands: [...(asksForUser ? [] : ['AUTH']), ...(offersTls ? [] : ['STARTTLS'])],
    allowInsecureAuth: !offersTls,
    logger: false,
    closeTimeout: 100,
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) return done(null, { user })
      done(Object.assign(new Error('Authentication failed'), { responseCode: 535 }))
    },
    onData(stream, session, done) {
      begun++
      const manner = manners.shift() ?? 'takes'
      if (manner === 'drops') {
        for (const { _socket: socket } of server.connections as unknown as Set<{ _socket: { destroy(): void } }>) socket.destroy()
        return
      }
      void buffer(stream).then(async (raw) => {
        if (manner === 'hangs') return
        // As real ones do, it quotes what it was given.
        if (typeof manner === 'number')
          return done(Object.assign(new Error(`refused: ${raw.toString().replace(/\s+/g, ' ')}`), { responseCode: manner }))
        const recipients = session.envelope.rcptTo.map(({ address }) => address)
        const parsed = await simpleParser(raw)
        taken.push({
          ...parsed,
          recipients,
          raw: raw.toString(),
          secure: session.secure,
          user: String(session.user ?? '') || undefined,
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  // A test that failed before it closed it is not to keep the run from ending.
  server.server.unref()
  const at = (server.server.address() as AddressInfo).port
  return {
    port: at,
    smtp: {
      host: 'localhost',
      port: at,
      tls: implicit ? 'implicit' : 'starttls',
      ca,
      ...(asksForUser && { user, password }),
      timeoutSeconds: 2,
    },
    taken,
    get begun() {
      return begun
    },
    manners,
    letterTo: (address, count = 1) =>
      until(`letter ${count} to ${address}`, () => taken.filter(({ recipients }) => recipients.includes(address))[count - 1]),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
