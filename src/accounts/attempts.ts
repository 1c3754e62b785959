/**
 * Guessing is slowed, nobody is locked out. Every way to try a password of somebody's goes through `counted`, so that all of them share their
 * counters. An attempt is counted before it is judged, so that two hundred at once do not pass a limit of ten:
 *
 *     per network, whoever it tries     against one who tries a password at many accounts
 *     per person and network            against one who tries many passwords at one account
 *     per person, over all networks     against one who has many networks
 *
 * The first two are strangers' own: using them up harms nobody elsewhere. The third is shared by all strangers who try one account, its person on a new
 * browser among them; so a browser in which that person was signed in before is counted apart, by itself alone, and what strangers do is no matter to it.
 * Where they were not, a letter helps: a browser in which a new password is chosen by its link is a known one, and a link that signs in needs none.
 *
 * An IPv6 subscriber may hold a /48 whole: its 65,536 networks together get ten times one's attempts.
 *
 * Each kind of counter has a bounded number of slots (`keyedSlot`), so strangers cannot fill the store with names and networks; who shares a slot with
 * others is limited a little earlier, never later.
 */
import type { Clock } from '../base/clock.ts'
import { keyedSlot } from '../crypto/derive.ts'
import type { CounterStore } from '../store/store.ts'
import { possibleEmailKey } from './email.ts'
import { type Count, createLimiter } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'
import { networkOf, siteOf } from './networks.ts'

export interface Attempt {
  /** At whose password; it need not be anybody's. */
  email: string
  /** Of the network. */
  address: string
  /** The name of a browser in which this very person was signed in before; nobody else may be able to say it. */
  device?: string | undefined
}

export interface Attempts {
  /**
   * @param check gives what was proven, or undefined when it was not; when it throws nothing is counted for the person, since nothing was judged
   * @returns what `check` gave. What was right is not counted for its person; what was wrong before it stays counted.
   * @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds`, without asking `check`
   */
  counted<T extends object>(attempt: Attempt, check: () => Promise<T | undefined>): Promise<T | undefined>
  /**
   * Before a password that somebody chooses is judged: that takes the queue of those who sign in as long as several of theirs, so it counts for the network.
   * @param address of the network, or `networkOf` it. @throws Refusal as `counted`
   */
  choosing(address: string): Promise<void>
}

export interface AttemptLimits {
  attemptsPerAccount: number
  attemptsPerNetwork: number
  attemptsOverall: number
  windowSeconds: number
}

const whereElse = 'In a browser where you were signed in before you need not wait.'

export function createAttempts({
  counters,
  limits,
  key,
  now,
}: {
  counters: CounterStore
  limits: AttemptLimits
  key: Buffer
  now: Clock
}): Attempts {
  const limiter = createLimiter({ counters, windowSeconds: limits.windowSeconds, now })
  const takeOfNetwork = networkLimiter(limiter, key)

  /** What counts for this person. What the network did stays counted: an own account is no way to guess at others without end. */
  async function take({ email, address, device }: Attempt): Promise<Count[]> {
    // As the account is found, so that another spelling of an address is no fresh set of attempts.
    const person = possibleEmailKey(email) ?? email
    const limitOf = (kind: string, of: string, limit: number, advice?: string) =>
      limiter.take(`${kind}:${keyedSlot(key, `${person}\n${of}`)}`, limit, advice)
    if (device !== undefined) {
      const own = await limitOf('sign-in-device', device, limits.attemptsPerAccount)
      // Right ones too, as from a network: each costs a hash, and whoever has an account has as many known browsers as they like.
      await limitOf('sign-in-known', '', limits.attemptsPerNetwork)
      return [own]
    }

    await takeOfNetwork('sign-in-from', address, limits.attemptsPerNetwork)
    const taken = [await limitOf('sign-in', networkOf(address), limits.attemptsPerAccount)]
    const site = siteOf(address)
    if (site) taken.push(await limitOf('sign-in-site', site, 10 * limits.attemptsPerAccount))
    // Last, and only what its own limits let through, or one network that goes on after its refusals would use up everybody's.
    taken.push(await limitOf('sign-in-overall', '', limits.attemptsOverall, whereElse))
    return taken
  }

  const giveBack = (taken: Count[]) => Promise.all(taken.map(limiter.giveBack))

  return {
    async choosing(address) {
      await takeOfNetwork('sign-in-from', address, limits.attemptsPerNetwork)
    },
    async counted(attempt, check) {
      const taken = await take(attempt)
      const proven = await check().catch(async (cause) => {
        await giveBack(taken)
        throw cause
      })
      if (proven !== undefined) await giveBack(taken)
      return proven
    },
  }
}
