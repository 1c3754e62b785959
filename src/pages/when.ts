/** Times as people read them, who may be anywhere: in UTC, and saying so. */

/** @param at seconds since the epoch @returns e.g. `28 Nov 2026, 05:10 UTC` */
export function utcTime(at: number): string {
  const [, day, month, year, hour, minute] = new Date(at * 1_000).toUTCString().split(/[ :]/)
  return `${Number(day)} ${month} ${year}, ${hour}:${minute} UTC`
}

/** @returns a length of time in the largest unit that says it exactly, e.g. `30 minutes` */
export function inUnits(seconds: number): string {
  const [unit, length] = units.find(([, length]) => seconds >= length && seconds % length === 0) ?? ['second', 1]
  const count = Math.round(seconds / length)
  return count === 1 ? `one ${unit}` : `${count} ${unit}s`
}

const units: [string, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
