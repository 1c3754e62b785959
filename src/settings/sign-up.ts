/** Whether people may sign up by themselves, and how. */
import { z } from 'zod'
import { roleName } from './api.ts'
import { roleMend } from './named.ts'
import type { SayFault } from './sound.ts'

const page = z.url({ protocol: /^https$/ })

export const registration = z.strictObject({
  open: z.boolean().default(false),
  /** Whether the password is chosen with the address, or once that is shown to be the person's. */
  password: z.enum(['before', 'after']).default('before'),
  /** That everybody has who signs up. */
  roles: z.array(roleName).max(50).default([]),
  termsUri: page.optional(),
  policyUri: page.optional(),
})

interface Given {
  registration: z.output<typeof registration>
  roles: Record<string, string>
  mail?: object | undefined
}

/** In development letters lie in an inbox of the server's own. */
export function registrationFaults(
  { registration: { open, roles }, roles: known, mail }: Given,
  isDevelopment: boolean,
  fault: SayFault,
): void {
  if (open && !mail && !isDevelopment)
    fault(['registration', 'open'], 'sends letters, and no mail server is given', 'Add mail, or write open: false.')
  for (const [index, role] of roles.entries())
    if (!Object.hasOwn(known, role)) fault(['registration', 'roles', index], `"${role}" is not in roles`, roleMend(role, known))
}
