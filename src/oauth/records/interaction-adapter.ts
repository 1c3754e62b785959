/**
 * Interactions, each in a cookie of its own that is sent to its one page alone: until the page is answered to that, from then on to where the
 * request goes on. So a stranger who begins to sign in adds no row, and a hundred tabs do not make a header longer. What is too long for a
 * cookie lies in the volatile store, where each network has only so many rows.
 *
 * A cookie cannot be used up, so what is to be brought back lives for a minute, and a sign-in in it is good once (`sign-ins.ts`), or not at
 * all once its person said no or switched the account.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { interactionPath } from '../cookies.ts'
import type { Lifetime } from './lifetimes.ts'
import { requestAtHand } from './request.ts'
import type { SealedCookie } from './sealed-cookies.ts'
import { heldSignIn, leaveOpen, named, nameOf } from './sign-ins.ts'

export interface InteractionParts {
  cookie: SealedCookie
  /** For what is too long. */
  rows: Adapter
  /** Before such a row is made. @param address of whoever makes it. @throws what the library says no by */
  beginRow(address: string): Promise<void>
  /** Whether a session began by a sign-in of this name, be it over or not. */
  hasSignedIn(name: string): Promise<boolean>
  /** No session begins by it any more. */
  giveUpSignIn(name: string): Promise<unknown>
  /** Of sessions. */
  lifetime: Lifetime
  now: Clock
}

/** From the answer to a page to the request that goes on by it, which a browser sends at once. */
const resultSeconds = 60

export function interactionAdapter({
  cookie,
  rows,
  beginRow,
  hasSignedIn,
  giveUpSignIn,
  lifetime,
  now,
}: InteractionParts): Adapter {
  const asked = (payload: AdapterPayload) => leaveOpen(payload, lifetime, now()) ?? payload

  /** What a page was answered. */
  const answered = (uid: string, { result, exp = 0, ...rest }: AdapterPayload) => ({
    ...rest,
    result: named(uid, result!),
    exp: Math.min(exp, now() + resultSeconds),
  })

  return {
    ...rows,
    async upsert(uid, payload, lifetimeSeconds = 0) {
      const isAnswered = payload.result !== undefined
      const dated = { ...payload, exp: now() + lifetimeSeconds }
      const record = { exp: dated.exp, ...(isAnswered ? answered(uid, dated) : asked(dated)) }
      const givenUp = heldSignIn({ ...payload, result: undefined })
      if (isAnswered && givenUp && !payload.result?.login) await giveUpSignIn(nameOf(givenUp, uid))
      const isRow = isAnswered && cookie.read(uid) === undefined
      if (isAnswered) cookie.remove(interactionPath(uid))
      if (!isRow && cookie.keep(uid, record, isAnswered ? resumePath(payload) : interactionPath(uid))) return
      if (!isRow) await beginRow(requestAtHand().ip)
      await rows.upsert(uid, record, record.exp - now())
    },
    async find(uid) {
      const payload = cookie.read(uid) ?? (await rows.find(uid))
      const signIn = payload && heldSignIn(payload)
      return signIn && (await hasSignedIn(nameOf(signIn, uid))) ? undefined : payload
    },
    async destroy(uid) {
      const kept = cookie.read(uid)
      if (kept) cookie.remove(resumePath(kept))
      else await rows.destroy(uid)
    },
  }
}

const resumePath = ({ returnTo }: AdapterPayload): string => new URL(String(returnTo)).pathname
