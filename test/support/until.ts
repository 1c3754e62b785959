/** Waits for what comes by itself and tells nobody: a line of a log, what another process wrote. */
import { setTimeout as pause } from 'node:timers/promises'

const everyMilliseconds = 10

/**
 * @param what is waited for, said when it does not come
 * @param ask is asked again and again, for half a minute at most
 * @returns the first answer that is something
 */
export async function until<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<Exclude<T, false>>> {
  const begun = performance.now()
  while (performance.now() - begun < 30_000) {
    const answer = await ask()
    if (answer) return answer as NonNullable<Exclude<T, false>>
    await pause(everyMilliseconds)
  }
  throw new Error(`${what} did not come`)
}
