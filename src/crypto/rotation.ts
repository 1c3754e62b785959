/**
 * When a signing key signs, as a function of its age and its neighbours' alone: whoever reads the same keys at the same moment comes to the
 * same answer, after a restart and on another node too. A key is published before it signs, for longer than anybody may keep the key set
 * without it, and stays published until the last token that it signed is dead.
 */

/** Seconds that a verifier may go on with the key set that it has (RFC 9111 s5.2.2.1). */
export const jwksMaxAgeSeconds = 300

/** All in seconds. */
export interface RotationPolicy {
  /** How long a key signs. */
  rotateAfterSeconds: number
  /** How long it is published before that. */
  publishSeconds: number
  /** How long it is published after that: what it signed last lives as long. */
  keepSeconds: number
}

/** `gone`: nothing that it signed can be alive. */
export type KeyState = 'next' | 'current' | 'retired' | 'gone'

export interface Aged {
  kid: string
  /** Seconds since the epoch. */
  createdAt: number
}

/** @param longestTokenSeconds of all tokens that are signed here */
export function rotationPolicy(rotateAfterSeconds: number, longestTokenSeconds: number): RotationPolicy {
  // A minute for clocks that differ and for an answer that was long on its way; five for verifiers that tolerate so much of a token's end.
  return { rotateAfterSeconds, publishSeconds: jwksMaxAgeSeconds + 60, keepSeconds: longestTokenSeconds + 300 }
}

/**
 * @param keys of one algorithm
 * @returns oldest first, each with its state, the second from which on it signs, and that in which the one behind it takes its place, or should
 */
export function rotation<Key extends Aged>(
  keys: readonly Key[],
  now: number,
  policy: RotationPolicy,
): { key: Key; state: KeyState; signsFrom: number; signsUntil: number }[] {
  const oldestFirst = keys.toSorted((a, b) => a.createdAt - b.createdAt || (a.kid < b.kid ? -1 : 1))
  // The first of all signs at once: there is none before it that anybody could have kept.
  const starts = oldestFirst.map(({ createdAt }, at) => (at === 0 ? createdAt : createdAt + policy.publishSeconds))
  const current = Math.max(
    0,
    starts.findLastIndex((start) => start <= now),
  )
  return oldestFirst.map((key, at) => {
    const signsFrom = starts[at] as number
    const signsUntil = starts[at + 1] ?? signsFrom + policy.rotateAfterSeconds
    const times = { key, signsFrom, signsUntil }
    if (at > current) return { ...times, state: 'next' }
    if (at === current) return { ...times, state: 'current' }
    return { ...times, state: now >= signsUntil + policy.keepSeconds ? 'gone' : 'retired' }
  })
}

/** Whether another key has to be published now, so that it signs when the newest has signed long enough. */
export function isDue(keys: readonly Aged[], now: number, policy: RotationPolicy): boolean {
  const newest = rotation(keys, now, policy).at(-1)
  return newest === undefined || now >= newest.signsUntil - policy.publishSeconds
}
