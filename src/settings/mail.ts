/** How letters leave, and how many. */
import { z } from 'zod'
import { seconds, whole } from './numbers.ts'
import type { SayFault } from './sound.ts'
import { isLoopbackHost } from './uri.ts'

const address = z.email({ error: 'has to be an e-mail address' }).max(254)
/** What stands in a header. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'has to be one line')

const smtp = z.strictObject({
  host: z
    .string()
    .regex(/^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.|$))+$|^[0-9A-Fa-f:]+$/, 'has to be a host name or an address'),
  port: whole(1, 65_535).default(587),
  /** `starttls` is demanded, not only used where it is offered. */
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  /** Without TLS to another machine: whoever is on the way reads the links, and the password. */
  allowPlaintext: z.boolean().default(false),
  user: line(254).optional(),
  password: z.string().min(1).max(1_024).optional(),
  passwordFile: z.string().min(1).optional(),
  /** Of an authority of the operator's own, in PEM. */
  ca: z.string().min(1).optional(),
  connections: whole(1, 50).default(3),
  timeoutSeconds: seconds(1, 300).default(20),
})

export const mail = z.strictObject({
  from: address,
  name: line(60).optional(),
  replyTo: address.optional(),
  smtp,
})

/** What anybody can ask for who names an address, each kind for itself. */
export const letters = z.strictObject({
  /** Whoever they go to. */
  perNetwork: whole(1, 100_000).default(60),
  perPersonAndNetwork: whole(1, 1_000).default(4),
  /** From everywhere together. */
  perPerson: whole(1, 10_000).default(12),
  windowSeconds: seconds(10, 86_400).default(3_600),
})

export type MailSettings = z.output<typeof mail>

export function mailFaults({ mail }: { mail?: MailSettings | undefined }, fault: SayFault): void {
  if (!mail) return
  const { host, tls, allowPlaintext, user, password, passwordFile } = mail.smtp
  const at = (name: string) => ['mail', 'smtp', name]
  if (tls === 'none' && !isLoopbackHost(host === '::1' ? '[::1]' : host) && !allowPlaintext)
    fault(
      at('tls'),
      'must not be none over a network: letters hold links that act for people',
      'Write tls: starttls, or allowPlaintext: true where nobody else is on the way.',
    )
  const hasPassword = password !== undefined || passwordFile !== undefined
  if (user !== undefined && !hasPassword) fault(at('user'), 'has no password', 'Add a password, or better passwordFile.')
  if (user === undefined && hasPassword) fault(at('password'), 'has no user', 'Add user, the name that the mail server knows.')
}
