/** Times as they are typed: a date, or how far away. */
import { Refusal } from '../base/errors.ts'

const unitSeconds: Record<string, number> = { m: 60, h: 3_600, d: 86_400 }

/**
 * @param text `90m`, `12h`, `7d`, or a date such as 2026-11-28 or 2026-11-28T08:00Z
 * @param direction to which side of now a length is counted; a day to come counts as a whole, for what ends on it
 * @returns seconds since the epoch
 * @throws Refusal `invalid_option`
 */
export function secondOf(option: string, text: string, direction: 'ago' | 'from now', now: number): number {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const seconds = Number(amount) * (unitSeconds[unit ?? ''] ?? Number.NaN)
  if (!Number.isNaN(seconds)) return direction === 'ago' ? now - seconds : now + seconds
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  const isDay = direction === 'from now' && text.length === 'yyyy-mm-dd'.length
  if (!Number.isNaN(at)) return Math.floor(at / 1_000) + (isDay ? 86_399 : 0)
  throw new Refusal('invalid_option', `${option} is a date such as 2026-11-28, or 90m, 12h, 7d, not ${JSON.stringify(text)}.`)
}
