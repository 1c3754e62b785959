/** The only reader of the wall clock. Everything that asks what time it is is handed a `Clock`, so that tests can hold it still. */

/** @returns whole seconds since the epoch, as in a NumericDate (RFC 7519 s2). */
export type Clock = () => number

/** Does something later. `main` alone has one to hand out: nothing else starts a timer. */
export type Later = (milliseconds: number, run: () => void) => void

export const systemClock: Clock = () => Math.floor(Date.now() / 1000)

/** @returns milliseconds since the epoch, for the log alone: what decides anything counts whole seconds. */
export type FineClock = () => number

export const systemFineClock: FineClock = () => Date.now()

/** @returns milliseconds since some moment, never going back: how long something took. */
export type Stopwatch = () => number

export const systemStopwatch: Stopwatch = () => performance.now()
