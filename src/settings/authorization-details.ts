/** Types of authorization details (RFC 9396) as an operator declares them: what one holds, and the words in which a person is asked. */
import { z } from 'zod'
import { type ApiSettings, roleName } from './api.ts'
import { absentMend, roleMend } from './named.ts'
import { type SayFault, sayFault } from './sound.ts'
import { sameIdentifier } from './uri.ts'

/** RFC 9396 s2.2: members that every type shares mean, and hold, the same everywhere. */
const commonMembers: Record<string, string> = {
  locations: 'strings',
  actions: 'strings',
  datatypes: 'strings',
  privileges: 'strings',
  identifier: 'string',
}

const field = z.strictObject({
  label: z.string().min(1).max(60).meta({ description: 'stands before the value on the consent page' }),
  type: z
    .enum(['string', 'number', 'boolean', 'strings'])
    .default('string')
    .meta({ description: 'what a request may give; strings is a list' }),
  required: z.boolean().default(false).meta({ description: 'true: a request without it is refused' }),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'all that it may be; anything when left out' }),
})

export const detailType = z.strictObject({
  /** The sentence that a person reads on the consent page; the values follow. */
  description: z.string().min(1).max(200),
  /** Identifier of the API that understands it. */
  api: z.url(),
  fields: z
    .record(z.string().regex(/^(?!type$)[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'a name other than "type"'), field)
    .default({})
    .superRefine((fields, context) => {
      for (const [name, { type }] of Object.entries(fields)) {
        const common = Object.hasOwn(commonMembers, name) ? commonMembers[name] : type
        if (type !== common)
          sayFault(context)([name, 'type'], `${name} is ${common} (RFC 9396 s2.2)`, `Write type: ${common}, or use another name.`)
      }
    }),
  /** Only people with one of these roles can grant it. */
  roles: z.array(roleName).min(1).optional(),
  /** Whether the same detail, to the letter, is granted again without asking. */
  remember: z.boolean().default(true),
})
export type DetailTypeSettings = z.output<typeof detailType>

export const authorizationDetails = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'a type is 1-128 letters, digits or ._:/-'),
  detailType,
)

interface Declared {
  authorizationDetails: Record<string, DetailTypeSettings>
  apis: ApiSettings[]
  roles: Record<string, string>
}

/** What is named here has to be there. */
export function detailFaults(file: Declared, fault: SayFault): void {
  const identifiers = new Set(file.apis.map((api) => sameIdentifier(api.identifier)))
  for (const [type, { api, roles = [] }] of Object.entries(file.authorizationDetails)) {
    if (!identifiers.has(sameIdentifier(api)))
      fault(['authorizationDetails', type, 'api'], `${api} is not in apis`, absentMend(api, file.apis))
    for (const role of roles)
      if (!Object.hasOwn(file.roles, role))
        fault(['authorizationDetails', type, 'roles'], `"${role}" is not in roles`, roleMend(role, file.roles))
  }
}
