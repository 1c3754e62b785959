/**
 * Telling clients that a session ended (OpenID Connect Back-Channel Logout 1.0), without anybody waiting for them: a debt of this server
 * (`outgoing/debts.ts`), kept in the durable store before the sign-out is answered.
 */
import type { Clock, Later } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { createDebts, type Debts, type Outcome } from '../../outgoing/debts.ts'
import type { Notice, NoticeStore } from '../../store/store.ts'

export interface NoticeParts {
  store: NoticeStore
  owner?: string
  deliver(notice: Notice): Promise<Outcome>
  later: Later
  now: Clock
  log: Log
  limits?: Partial<typeof defaults>
}

const defaults = { debts: 10_000, debtsPerCreditor: 1_000, atOnce: 8, atOncePerCreditor: 2, atOnceInDoubt: 6 }

export type Notices = Omit<Debts<Notice>, 'drained' | 'size'>

export function createNotices({ store, limits = {}, ...parts }: NoticeParts): Notices {
  return createDebts<Notice>({
    ...parts,
    store: {
      add: async (notice) => {
        await store.add(notice)
        return true
      },
      remove: (id) => store.remove(id),
      list: (limit, owner) => store.list(limit, owner && `${owner}.`),
    },
    creditorOf: ({ client }) => client,
    about: ({ client, account: subject }) => ({ client, subject }),
    event: 'backchannel_logout',
    // Five attempts in all, the last two and a half minutes after the first.
    pauses: [5_000, 15_000, 40_000, 90_000],
    // Somebody who was away for longer than a day is not told: the client's own session has likely ended as well.
    lifetimeSeconds: 86_400,
    limits: { ...defaults, ...limits },
    tooMany: 'too many notices are waiting',
  })
}
