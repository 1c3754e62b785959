/**
 * Limits of networks, and of the sites around them: as with passwords, a /48 holds 65,536 networks, which together get ten times one's attempts. Strangers
 * have as many networks as they like, so what is counted are slots (`keyedSlot`), of which each kind has no more than that.
 */
import { keyedSlot } from '../crypto/derive.ts'
import type { Count, Limiter } from './limiter.ts'
import { networkOf, siteOf } from './networks.ts'

/** @returns what was taken, to be held to a lower limit. @throws Refusal beyond this one, as `Limiter.take` */
export type TakeOfNetwork = (what: string, address: string, limit: number) => Promise<{ taken: Count; times: number }[]>

export function networkLimiter(limiter: Limiter, key: Buffer): TakeOfNetwork {
  const whose = (address: string) =>
    [
      { kind: '', of: networkOf(address), times: 1 },
      { kind: '-site', of: siteOf(address), times: 10 },
    ].flatMap(({ kind, of, times }) => (of ? { name: `${kind}:${keyedSlot(key, of)}`, times } : []))

  return async (what, address, limit) => {
    const counts = []
    for (const { name, times } of whose(address)) counts.push({ taken: await limiter.take(what + name, times * limit), times })
    return counts
  }
}
