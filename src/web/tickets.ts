/**
 * What signs a person in after another proof than the password: a link was used, a sign-up confirmed. A sealed cookie, good for two minutes,
 * which the next sign-in page takes instead of asking. It has a name, which becomes the name of the sign-in (`oauth/records/sign-ins.ts`): by one ticket a
 * session begins once, however often it was copied. It is pinned to this host, so that no other host of the domain signs anybody in as somebody else.
 *
 * It does NOT answer whoever asks for a fresh proof (`prompt=login`, `max_age`), unless it was made for that very sign-in.
 */
import { randomBytes } from 'node:crypto'
import type { SignInAfter } from '../accounts/sign-in-links.ts'
import type { Clock } from '../base/clock.ts'
import { pinnedPath } from '../oauth/cookies.ts'
import type { SealedCookie } from '../oauth/records/sealed-cookies.ts'

export interface Ticket {
  account: string
  /** RFC 8176, or a name of ours: see docs/tokens.md. */
  amr: string[]
  /** What the proof is worth; as a password unless said. */
  by?: 'link' | undefined
  /** When it was given, in seconds since the epoch: later than the end of whatever access the account had. */
  provenAt: number
  /** No other sign-in may have come before this one. */
  after?: SignInAfter | undefined
  /** No letter tells of a new device: the account has just begun, or another letter tells of this. */
  withoutLetter?: boolean | undefined
}

export interface NamedTicket extends Ticket {
  name: string
  /** Uid of the sign-in that it was made for; absent when it is for any that begins soon. */
  uid?: string | undefined
}

/** All of it within a request. */
export interface Tickets {
  /** In place of one that the browser has. @param uid see `NamedTicket` */
  give(ticket: Ticket, uid?: string): void
  /** Unless it is for another sign-in than the one of this uid. Takes nothing away: see `spend`. */
  find(uid: string): NamedTicket | undefined
  /** This browser forgets it. */
  spend(): void
}

const ticketSeconds = 120
const about = 'ticket'

export function createTickets(cookie: SealedCookie, now: Clock): Tickets {
  return {
    give(ticket, uid) {
      const name = randomBytes(16).toString('base64url')
      cookie.keep(about, { ...ticket, name, uid, exp: now() + ticketSeconds }, pinnedPath)
    },
    find(uid) {
      const ticket = cookie.read(about) as NamedTicket | undefined
      return ticket?.uid === undefined || ticket.uid === uid ? ticket : undefined
    },
    spend: () => cookie.remove(pinnedPath),
  }
}
