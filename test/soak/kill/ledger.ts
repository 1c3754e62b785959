/** What the server has answered for, as its clients wrote it down the moment that each answer was complete. */
import type { Visitor } from '../../../src/try/visitor.ts'
import type { Credentials, Signed } from '../../support/story.ts'

export interface Family {
  client: Credentials
  /** The last one that came with an answer. The one before it is not to be asked for again: it is good for a while. */
  refreshToken: string
  accessToken: string
  session: Session
  code: Signed
}

export interface Session {
  visitor: Visitor
  client: Credentials
  email: string
  families: Set<Family>
  /** False once a token of it was ended, or may have been: its grant ends with it, and people are asked again. */
  isConsented: boolean
}

/** Since the last look at it: what came about in one round. */
export interface Page {
  refreshed: Set<Family>
  /** Revoked, or of a session or an account that ended. */
  ended: Set<Family>
  signedIn: Set<Session>
  signedOut: Set<Session>
  redeemed: Set<Family>
  clients: Credentials[]
  accessTokens: string[]
  /** API keys that were made. */
  keys: Set<string>
  endedKeys: Set<string>
}

export interface Ledger {
  living: Set<Family>
  sessions: Set<Session>
  page: Page
  counts: Record<'signIns' | 'refreshes' | 'revocations' | 'signOuts' | 'clients' | 'disabled' | 'keys', number>
  /** Of all signing keys that were ever published. */
  kids: Set<string>
  /** What should not have been answered as it was, the server being there. */
  faults: string[]
  turn(): Page
}

const blank = (): Page => ({
  refreshed: new Set(),
  ended: new Set(),
  signedIn: new Set(),
  signedOut: new Set(),
  redeemed: new Set(),
  clients: [],
  accessTokens: [],
  keys: new Set(),
  endedKeys: new Set(),
})

export function createLedger(): Ledger {
  const ledger: Ledger = {
    living: new Set(),
    sessions: new Set(),
    page: blank(),
    counts: { signIns: 0, refreshes: 0, revocations: 0, signOuts: 0, clients: 0, disabled: 0, keys: 0 },
    kids: new Set(),
    faults: [],
    turn() {
      const { page } = ledger
      ledger.page = blank()
      return page
    },
  }
  return ledger
}

export function noteEnded({ living, sessions, page }: Ledger, session: Session): void {
  sessions.delete(session)
  page.signedIn.delete(session)
  for (const family of session.families) noteRevoked({ living, page }, family)
}

export function noteRevoked({ living, page }: Pick<Ledger, 'living' | 'page'>, family: Family): void {
  living.delete(family)
  family.session.isConsented = false
  page.refreshed.delete(family)
  page.redeemed.delete(family)
  page.ended.add(family)
}

/** Nobody knows any more: the answer did not come. */
export function forget({ living, page }: Ledger, family: Family): void {
  living.delete(family)
  family.session.isConsented = false
  family.session.families.delete(family)
  page.refreshed.delete(family)
  page.redeemed.delete(family)
}

export function forgetSession(ledger: Ledger, session: Session): void {
  ledger.sessions.delete(session)
  ledger.page.signedIn.delete(session)
  for (const family of session.families) forget(ledger, family)
}
