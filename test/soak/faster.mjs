/**
 * Loaded before a program: time passes so many times faster for it (`FASTER`), from one moment on that is the same for all (`FASTER_SINCE`, in
 * milliseconds since the epoch). What a program does again and again it does as much more often, but at most twenty times a second.
 */
const factor = Number(process.env.FASTER)
const since = Number(process.env.FASTER_SINCE)
const realNow = Date.now
const { setInterval } = globalThis

const now = () => since + (realNow() - since) * factor
globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given))
  }
  static now = now
}
globalThis.setInterval = (run, milliseconds, ...rest) => setInterval(run, Math.max(50, milliseconds / factor), ...rest)
