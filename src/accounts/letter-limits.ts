/**
 * How many letters may be asked for by whoever names an address. Asking counts whether or not there is such an account and a letter goes out, so
 * that the refusal tells nothing of it:
 *
 *     per network, whoever it writes to     against one who writes to many people
 *     per person and network                against one who asks again and again
 *     per person, over all networks         against one who has many networks: a mailbox is flooded with no more than this
 *
 * Each kind of letter is counted apart. Whoever uses up a person's letters from everywhere keeps new ones from them for the rest of the window,
 * but not those that went out: the link of each is as good as if its person had asked for it.
 */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { keyedSlot } from '../crypto/derive.ts'
import type { LetterKind } from '../mail/letters.ts'
import type { CounterStore } from '../store/store.ts'
import { possibleEmailKey } from './email.ts'
import { createLimiter, minutesOf } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'
import { networkOf, siteOf } from './networks.ts'

export interface LetterLimits {
  /**
   * Before anything is looked up.
   * @param email as typed @param address of the network
   * @throws Refusal `too_many_letters` 429 with `retryAfterSeconds`
   */
  count(kind: LetterKind, email: string, address: string): Promise<void>
}

export interface LetterLimitSettings {
  perNetwork: number
  perPersonAndNetwork: number
  perPerson: number
  windowSeconds: number
}

export function createLetterLimits(parts: {
  counters: CounterStore
  limits: LetterLimitSettings
  key: Buffer
  now: Clock
}): LetterLimits {
  const { counters, limits, key, now } = parts
  const limiter = createLimiter({ counters, windowSeconds: limits.windowSeconds, now })
  const takeOfNetwork = networkLimiter(limiter, key)

  async function take(kind: LetterKind, email: string, address: string): Promise<void> {
    // As the account is found, so that another spelling of an address is no other mailbox.
    const person = possibleEmailKey(email) ?? email
    const takeOfPerson = (what: string, of: string, limit: number) =>
      limiter.take(`letter${what}-${kind}:${keyedSlot(key, `${person}\n${of}`)}`, limit)
    await takeOfNetwork(`letter-from-${kind}`, address, limits.perNetwork)
    await takeOfPerson('', networkOf(address), limits.perPersonAndNetwork)
    const site = siteOf(address)
    if (site) await takeOfPerson('-site', site, limits.perPersonAndNetwork)
    // Last, and only what its own limits let through, or one network that goes on after its refusals would use up everybody's.
    await takeOfPerson('-overall', '', limits.perPerson)
  }

  return {
    count: (kind, email, address) =>
      take(kind, email, address).catch((cause) => {
        throw cause instanceof Refusal && cause.retryAfterSeconds !== undefined ? tooMany(cause.retryAfterSeconds) : cause
      }),
  }
}

function tooMany(retryAfterSeconds: number): Refusal {
  return new Refusal(
    'too_many_letters',
    `Too many letters were asked for. Look into the mailbox, its spam folder too: what has arrived is still good. After ${minutesOf(retryAfterSeconds)} you can ask for another.`,
    { status: 429, retryAfterSeconds },
  )
}
