import { z } from 'zod'
import { whole } from './numbers.ts'

/** Keys that people and machines make for themselves, for the APIs that take such (`apis[].apiKeys`). */
export const apiKeys = z.strictObject({
  /** That are alive at once; a machine has as many. */
  mostPerPerson: whole(1, 1_000).default(50),
  /** The longest that a key may live. The day of its end counts as a whole. */
  longestDays: whole(1, 365).default(365),
})
