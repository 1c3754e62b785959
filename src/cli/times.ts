/** Times as they are typed: a date, or how far away. */
import { Refusal } from '../base/errors.ts'

const unitSeconds: Record<string, number> = { m: 60, h: 3_600, d: 86_400 }

/**
 * @param text `90m`, `12h`, `7d`, or a date such as 2026-11-28 or 2026-11-28T08:00Z
 * @param direction to which side of now a length is counted
 * @returns seconds since the epoch
 * @throws Refusal `invalid_option`
 */
export function secondOf(option: string, text: string, direction: 'ago' | 'from now', now: number): number {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const seconds = Number(amount) * (unitSeconds[unit ?? ''] ?? Number.NaN)
  if (!Number.isNaN(seconds)) return direction === 'ago' ? now - seconds : now + seconds
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return Math.floor(at / 1_000)
  throw new Refusal('invalid_option', `${option} is a date such as 2026-11-28, or 90m, 12h, 7d, not ${JSON.stringify(text)}.`)
}
