/** How long things live. What use keeps alive has two ends: an idle one, which each use moves on, and an absolute one, which nothing moves. */
import { z } from 'zod'
import { seconds } from './numbers.ts'
import { areSound, isRecord, sayFault } from './sound.ts'

const twoWeeks = 1_209_600
const month = 2_592_000
const year = 31_536_000

const idleOf = { sessionIdleSeconds: 'sessionSeconds', refreshTokenIdleSeconds: 'refreshTokenSeconds' } as const

export const lifetimes = z
  .strictObject({
    interactionSeconds: seconds(60, 86_400).default(3_600),
    authorizationCodeSeconds: seconds(10, 600).default(60),
    deviceCodeSeconds: seconds(60, 1_800).default(600),
    idTokenSeconds: seconds(60, 86_400).default(3_600),
    /** Since the last visit. Two weeks unless said, or what `sessionSeconds` says if that is less; likewise below. */
    sessionIdleSeconds: seconds(60, year).optional(),
    /** Since the sign-in. */
    sessionSeconds: seconds(300, year).default(month),
    /** Since the last refresh. */
    refreshTokenIdleSeconds: seconds(60, year).optional(),
    /** Since the first token of the family. */
    refreshTokenSeconds: seconds(300, year).default(3 * month),
    grantSeconds: seconds(300, year).default(year),
  })
  .superRefine(
    (given, context) => {
      for (const [idle, absolute] of Object.entries(idleOf) as [keyof typeof idleOf, (typeof idleOf)[keyof typeof idleOf]][]) {
        if (!areSound(context, [idle, absolute]) || (given[idle] ?? 0) <= given[absolute]) continue
        sayFault(context)([idle], `must not be more than ${absolute}`, `Write at most ${given[absolute]}, or raise ${absolute}.`)
      }
    },
    { when: isRecord },
  )
  .transform((given) => ({
    ...given,
    sessionIdleSeconds: given.sessionIdleSeconds ?? Math.min(twoWeeks, given.sessionSeconds),
    refreshTokenIdleSeconds: given.refreshTokenIdleSeconds ?? Math.min(twoWeeks, given.refreshTokenSeconds),
  }))

export const refreshTokens = z.strictObject({
  /** For how long a public client's token is still good after its successor was issued. 0: not at all. */
  windowSeconds: seconds(0, 60).default(10),
})
