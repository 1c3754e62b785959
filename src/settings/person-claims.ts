/** The standard claims of a person (OpenID Connect Core s5.1) that an account may hold beside its name and e-mail address. */
import { z } from 'zod'

const text = z.string().min(1).max(256)
const link = z.url({ protocol: /^https?$/ }).max(2_048)

export const personClaims = z
  .strictObject({
    given_name: text,
    family_name: text,
    middle_name: text,
    nickname: text,
    preferred_username: text,
    /** Pages about the person. */
    profile: link,
    picture: link,
    website: link,
    gender: text,
    birthdate: z.string().regex(/^\d{4}(-\d{2}-\d{2})?$/, 'a date as YYYY-MM-DD, or a year'),
    zoneinfo: z.string().regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+){0,2}$/, 'a time zone such as Europe/London'),
    locale: z.string().regex(/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$/, 'a language tag such as en-GB'),
    email_verified: z.boolean(),
    phone_number: z.string().regex(/^\+[0-9 ().;=a-z-]{3,40}$/, 'a number as +44 20 7946 0018 (E.164)'),
    phone_number_verified: z.boolean(),
    address: z
      .strictObject({
        formatted: z.string().min(1).max(1_000),
        street_address: text,
        locality: text,
        region: text,
        postal_code: text,
        country: text,
      })
      .partial()
      .refine((address) => Object.keys(address).length > 0, 'needs a member'),
  })
  .partial()
  .refine((claims) => claims.phone_number !== undefined || claims.phone_number_verified === undefined, {
    path: ['phone_number_verified'],
    message: 'says something of a phone_number that is not there',
  })

export type PersonClaims = z.output<typeof personClaims>
