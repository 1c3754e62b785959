/** How a process that serves is asked to stop, and how long it still takes what comes along connections that are kept. */

/**
 * Resolves when a supervisor or the person at the terminal asks to stop. Asking again changes nothing: npm, a supervisor that asks the whole
 * group, and the primary of a cluster all pass the wish on, and the second must not cut off what the first lets finish.
 */
export function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
  })
}

/** Longer than a request takes from a proxy to here. */
export const graceMilliseconds = 250
