/** Keys that a client registers: public ones, for what it signs and for what is encrypted to it. */
import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { z } from 'zod'

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

const publicJwk = z
  .looseObject({ kty: z.enum(['EC', 'OKP', 'RSA']), kid: z.string().optional(), use: z.enum(['sig', 'enc']).optional() })
  .superRefine((jwk, context) => {
    const message = keyFault(jwk as JWK)
    if (message) context.addIssue({ code: 'custom', message })
  })

/** RFC 7517 s5; at most what one client can need while it rotates. */
export const clientKeySet = z.strictObject({ keys: z.array(publicJwk).min(1).max(10) })

/** RFC 8725 s3.5: keys too short for their algorithm are refused. */
function keyFault(jwk: JWK): string | undefined {
  if (privateMembers.some((member) => member in jwk)) return 'this is a private or symmetric key; give the public half'
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
      return 'an RSA key has at least 2048 bits'
    return undefined
  } catch {
    return 'is no public key'
  }
}
