/**
 * Guessing is slowed, nobody is locked out: an attempt is counted before the password is looked at (so that a hundred at once
 * do not pass a limit of ten), per person and network, and per network over all persons. A stranger who guesses at someone's
 * account from elsewhere does not use up that person's own attempts.
 */
import { isIPv6 } from 'node:net'
import { Refusal } from '../base/errors.ts'
import { keyedDigest } from '../crypto/derive.ts'
import type { CounterStore } from '../store/store.ts'
import { possibleEmailKey } from './email.ts'

export interface Attempts {
  /** @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds` */
  begin(email: string, address: string): Promise<void>
  /** After the right password: this person starts afresh from here. */
  succeeded(email: string, address: string): Promise<void>
}

export interface AttemptLimits {
  attemptsPerAccount: number
  attemptsPerNetwork: number
  windowSeconds: number
}

export function createAttempts({
  counters,
  limits,
  key,
  now,
}: {
  counters: CounterStore
  limits: AttemptLimits
  key: Buffer
  now: () => number
}): Attempts {
  // As the account is found, so that another spelling of an address is no fresh set of attempts.
  const person = (email: string, address: string) =>
    `sign-in:${keyedDigest(key, `${possibleEmailKey(email) ?? email}\n${networkOf(address)}`)}`
  const network = (address: string) => `sign-in-from:${keyedDigest(key, networkOf(address))}`

  async function count(name: string, limit: number): Promise<void> {
    const { count, endsAt } = await counters.hit(name, limits.windowSeconds)
    if (count <= limit) return
    const retryAfterSeconds = Math.max(1, endsAt - now())
    const minutes = Math.ceil(retryAfterSeconds / 60)
    throw new Refusal(
      'too_many_attempts',
      `Too many attempts. Please wait ${minutes} minute${minutes > 1 ? 's' : ''} and try again.`,
      {
        status: 429,
        retryAfterSeconds,
      },
    )
  }

  return {
    async begin(email, address) {
      await count(network(address), limits.attemptsPerNetwork)
      await count(person(email, address), limits.attemptsPerAccount)
      // A /48 is what one subscriber may be given whole: 65,536 networks, which together get ten times one's attempts.
      const site = siteOf(address)
      if (!site) return
      await count(network(site), 10 * limits.attemptsPerNetwork)
      await count(person(email, site), 10 * limits.attemptsPerAccount)
    },
    succeeded: (email, address) => counters.clear(person(email, address)),
  }
}

/** The /48 around an IPv6 address, in a form that `networkOf` leaves as it is; nothing for IPv4. */
function siteOf(address: string): string | undefined {
  const network = networkOf(address)
  return network.includes(':') ? `${network.split(':').slice(0, 3).join(':')}/48` : undefined
}

/** The network that one subscriber has: an IPv4 address, or the /64 of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1]) return mapped[1]
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')
}
