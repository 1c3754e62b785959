/** Limits of networks, and of the sites around them: as with passwords, a /48 holds 65,536 networks, which together get ten times one's attempts. */
import { keyedDigest } from '../crypto/derive.ts'
import type { Count, Limiter } from './limiter.ts'
import { networkOf, siteOf } from './networks.ts'

/** @returns what was taken, to be held to a lower limit. @throws Refusal beyond this one, as `Limiter.take` */
export type TakeOfNetwork = (what: string, address: string, limit: number) => Promise<{ taken: Count; times: number }[]>

export function networkLimiter(limiter: Limiter, key: Buffer): TakeOfNetwork {
  const whose = (address: string) =>
    [
      { of: networkOf(address), times: 1 },
      { of: siteOf(address), times: 10 },
    ].flatMap(({ of, times }) => (of ? { of: keyedDigest(key, of), times } : []))

  return async (what, address, limit) => {
    const counts = []
    for (const { of, times } of whose(address)) counts.push({ taken: await limiter.take(`${what}:${of}`, times * limit), times })
    return counts
  }
}
