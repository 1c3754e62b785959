/** A person as `signet account import` reads them: one object, of which all but the first two members may be missing. */
import { z } from 'zod'
import { personClaims } from './person-claims.ts'

const when = 'has to be seconds since the epoch, or a time such as 2019-03-01T12:00:00Z'

const members = {
  email: z.string().max(320),
  /** As the other system wrote it; `!` for who has no password and gets one by a letter. */
  hash: z.string().max(1_024),
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^\P{Cc}*$/u, 'has no control characters')
    .optional(),
  roles: z.array(z.string()).max(100).default([]),
  claims: personClaims.default({}),
  /** Of the address; among the claims it means the same. */
  email_verified: z.boolean().default(false),
  /** Seconds since the epoch, or ISO 8601. */
  created: z.union([z.int(when).min(0, when), z.iso.datetime({ offset: true, error: when })], when).optional(),
  disabled: z.boolean().default(false),
}

/** Strict: a misspelt member is a fault, and not a person without it. */
export const importedPerson = z.strictObject(members, {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `there is no member ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}: there are ${Object.keys(members).join(', ')}`
      : undefined,
})
