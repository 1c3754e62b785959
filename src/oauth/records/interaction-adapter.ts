/**
 * Interactions, each in a cookie of its own that is sent to its one page alone: until the page is answered to that, from then on to where the
 * request goes on. So a stranger who begins to sign in adds no row, and a hundred tabs do not make a header longer. What is too long for a
 * cookie lies in the volatile store, where each network has only so many rows.
 *
 * A cookie cannot be used up, so what holds a sign-in lives for a minute and is good once: the session that it begins is known by the
 * interaction's uid (`session-adapter.ts`), and there is one row of that name. A row that the sign-in writes anyway refuses the second.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { interactionPath } from '../cookies.ts'
import { requestAtHand } from './request.ts'
import type { SealedCookie } from './sealed-cookies.ts'

export interface InteractionParts {
  cookie: SealedCookie
  /** For what is too long. */
  rows: Adapter
  /** Before such a row is made. @param address of whoever makes it. @throws what the library says no by */
  beginRow(address: string): Promise<void>
  /** Whether a session began by this interaction, be it over or not. */
  hasSignedIn(uid: string): Promise<boolean>
  now: Clock
}

/** From the answer to a page to the request that goes on by it, which a browser sends at once. */
const resultSeconds = 60

export function interactionAdapter({ cookie, rows, beginRow, hasSignedIn, now }: InteractionParts): Adapter {
  return {
    ...rows,
    async upsert(uid, payload, lifetimeSeconds = 0) {
      const { result } = payload
      const lifetime = result ? Math.min(lifetimeSeconds, resultSeconds) : lifetimeSeconds
      const record = { ...payload, exp: now() + lifetime }
      const isRow = result !== undefined && cookie.read(uid) === undefined
      if (result) cookie.remove(interactionPath(uid))
      if (!isRow && cookie.keep(uid, record, result ? resumePath(payload) : interactionPath(uid))) return
      if (!isRow) await beginRow(requestAtHand().ip)
      await rows.upsert(uid, record, lifetime)
    },
    async find(uid) {
      const payload = cookie.read(uid) ?? (await rows.find(uid))
      return payload && beginsSession(payload) && (await hasSignedIn(uid)) ? undefined : payload
    },
    async destroy(uid) {
      const kept = cookie.read(uid)
      if (kept) cookie.remove(resumePath(kept))
      else await rows.destroy(uid)
    },
  }
}

/** A sign-in that goes on with a session needs that very session, whoever shows it. */
export const beginsSession = ({ result, session }: Pick<AdapterPayload, 'result' | 'session'>): boolean =>
  Boolean(result?.login) && !session?.uid

const resumePath = ({ returnTo }: AdapterPayload): string => new URL(String(returnTo)).pathname
