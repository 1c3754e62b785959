/**
 * API keys that somebody found where they should not be. Whoever holds one may end it, and need not say who they are: that they hold it is the
 * reason. A key that is none costs nothing but its reading, so that strangers cannot make the store work; what the keyring signed is counted by
 * network before anything is looked up.
 */
import type { Clock } from '../base/clock.ts'
import type { CounterStore } from '../store/store.ts'
import type { ApiKeyClaims } from '../tokens/api-key.ts'
import { withoutKeys } from '../tokens/api-key.ts'
import type { ApiKeys } from '../tokens/api-keys.ts'
import { createLimiter } from './limiter.ts'
import { networkLimiter } from './network-limiter.ts'
import { networkOf } from './networks.ts'

export interface FoundKey {
  key: string
  /** Where, as whoever found it says. */
  url?: string | undefined
}

/** `ended` by this report; `unknown` is what was never a key, is another issuer's, or dead already. */
export interface Verdict {
  status: 'ended' | 'unknown'
  /** Whether this issuer signed it, for a time that is not over; anybody who has the key can see as much by the published keys. */
  isGenuine: boolean
}

export interface LeakedKeys {
  /**
   * @param address of the network that reports
   * @returns a verdict for each, in order
   * @throws Refusal `too_many_attempts` 429 with `retryAfterSeconds`, and nothing is ended
   */
  report(found: FoundKey[], address: string): Promise<Verdict[]>
}

/** Reports with a genuine key in them. Whoever scans what many people publish finds no more. */
const mostPerNetwork = 600
const windowSeconds = 900

export interface LeakedKeyParts {
  apiKeys: Pick<ApiKeys, 'read' | 'end'>
  counters: CounterStore
  /** Of the counters' slots. */
  key: Buffer
  now: Clock
}

export function createLeakedKeys({ apiKeys, counters, key: slotKey, now }: LeakedKeyParts): LeakedKeys {
  const takeOfNetwork = networkLimiter(createLimiter({ counters, windowSeconds, now }), slotKey)

  /** Whether or not it is good at this moment and by this node's settings: its owner may be enabled again, and another node know its API. */
  function end({ url }: FoundKey, { jti }: ApiKeyClaims, from: string): Promise<boolean> {
    const foundAt = url === undefined ? undefined : placeOf(url)
    return apiKeys.end('operator', jti, 'leaked', { actor: 'stranger', from, foundAt })
  }

  return {
    async report(found, address) {
      const once = new Map(found.map((one) => [one.key, one]))
      const genuine = new Map<string, ApiKeyClaims>()
      for (const key of once.keys()) {
        const claims = await apiKeys.read(key)
        if (claims) genuine.set(key, claims)
      }
      if (genuine.size > 0) await takeOfNetwork('leaked-keys', address, mostPerNetwork)
      const ended = new Set<string>()
      for (const [key, claims] of genuine) if (await end(once.get(key) as FoundKey, claims, networkOf(address))) ended.add(key)
      return found.map(({ key }) => ({ status: ended.has(key) ? 'ended' : 'unknown', isGenuine: genuine.has(key) }))
    },
  }
}

const longestPlace = 300

/** For the audit log: what a stranger says, so bounded, and without the parts of an address in which secrets are, the key itself too. */
function placeOf(url: string): string | undefined {
  const { protocol, host, pathname } = URL.parse(url) ?? {}
  if (!protocol || !/^https?:$/.test(protocol)) return undefined
  return withoutKeys(`${protocol}//${host}${pathname}`).slice(0, longestPlace)
}
