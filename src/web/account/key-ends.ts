/** Until when a key can be asked for: some days from now, or a day that is named, in UTC, which then counts as a whole. */
import { Refusal } from '../../base/errors.ts'
import type { AccountKeyNewModel } from '../../pages/key-pages.ts'
import { endOfDay } from '../../tokens/asked-key.ts'

/** As it stands in the form. */
export interface TypedEnd {
  end: string
  /** A day, if `end` is `date`. */
  until: string
}

const days = [7, 30, 90, 365]
const usualDays = 30
const daySeconds = 86_400

/** @param longest in days @returns those of the usual lengths that may be, and the longest */
function endsUpTo(longest: number): number[] {
  return [...days.filter((length) => length < longest), longest]
}

/** What is chosen unless somebody says. */
export const usualEnd = (longest: number): TypedEnd => ({ end: String(Math.min(usualDays, longest)), until: '' })

export function endModels(
  { end, until }: TypedEnd,
  { longest, now }: { longest: number; now: number },
): Pick<AccountKeyNewModel, 'ends' | 'date'> {
  const day = (after: number) => new Date((now + after * daySeconds) * 1_000).toISOString().slice(0, 10)
  return {
    ends: endsUpTo(longest).map((length) => ({ days: length, isChosen: end === String(length) })),
    date: { isChosen: end === 'date', until, first: day(1), last: day(longest) },
  }
}

/** @returns seconds since the epoch. Does NOT judge whether a day is too late or over. @throws Refusal `invalid_key_end` 422 */
export function expiresAt({ end, until }: TypedEnd, { longest, now }: { longest: number; now: number }): number {
  const length = endsUpTo(longest).find((one) => end === String(one))
  if (length !== undefined) return now + length * daySeconds
  const at = end === 'date' ? endOfDay(until) : undefined
  if (at !== undefined) return at
  throw new Refusal('invalid_key_end', 'Please choose until when the key is good, as a day such as 2027-03-31.', { status: 422 })
}
