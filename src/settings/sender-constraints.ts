/** Tokens and clients that are known by a key: DPoP (RFC 9449), and certificates that a proxy hands on (RFC 8705). */
import { z } from 'zod'
import type { SayFault } from './sound.ts'

export const dpop = z.strictObject({
  /** Every proof has to hold a nonce of this server's (RFC 9449 s8). */
  requireNonce: z.boolean().default(false),
})

/** What everybody sends means something else, so that a proxy that sets nothing would let it through. */
const taken = ['authorization', 'cookie', 'host', 'origin', 'dpop', 'x-request-id', 'forwarded']
const headerName = z
  .string()
  .toLowerCase()
  .regex(/^[a-z][a-z0-9-]{1,63}$/, 'the name of a header')
  .refine((name) => !taken.includes(name) && !name.startsWith('x-forwarded-'), 'this header has another meaning')

export const mutualTls = z.strictObject({
  /** `Client-Cert` (RFC 9440), or a header with the percent-encoded PEM of nginx. */
  certificateHeader: headerName,
  /** Says `SUCCESS` where the proxy verified the certificate's chain, as nginx's `$ssl_client_verify` does. */
  verifiedHeader: headerName.optional(),
})

interface Declared {
  trustedProxies: string[]
  mutualTls?: z.output<typeof mutualTls> | undefined
}

export function mutualTlsFaults({ trustedProxies, mutualTls: given }: Declared, fault: SayFault): void {
  if (given && trustedProxies.length === 0)
    fault(
      ['mutualTls'],
      'needs trustedProxies: nobody else is believed',
      'Name the proxy that asks for certificates in trustedProxies, or remove mutualTls.',
    )
  if (given && given.certificateHeader === given.verifiedHeader)
    fault(
      ['mutualTls', 'verifiedHeader'],
      'is another header than the certificate’s',
      'Let the proxy say it in a header of its own, for example client-cert-verify.',
    )
}
