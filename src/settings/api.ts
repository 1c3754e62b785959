/** An API that tokens are for, as an operator declares it. */
import type { JWK } from 'jose'
import { z } from 'zod'
import { encryptionAlgorithms, signingAlgorithms, tokenEncodings } from './algorithms.ts'
import { seconds } from './numbers.ts'
import { keyMend, publicJwk, takesEncryption } from './public-keys.ts'
import { areSound, sayFault } from './sound.ts'
import { uriWithoutFragment } from './uri.ts'

export const roleName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/, 'a role is 1-64 letters, digits or _.:-')
// RFC 6749 s3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ). The names of OpenID Connect are taken.
const scopeName = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'a scope is visible ASCII without quotes or backslash (RFC 6749 s3.3)')
  .refine(
    (name) => !['openid', 'profile', 'email', 'address', 'phone', 'offline_access'].includes(name),
    'this scope belongs to OpenID Connect',
  )

const scope = z.strictObject({
  /** The sentence that a person reads on the consent page. */
  description: z.string().min(1).max(200),
  /** Only people with one of these roles can grant it. */
  roles: z.array(roleName).min(1).optional(),
})

const encryption = z
  .strictObject({
    algorithm: z.enum(encryptionAlgorithms).default('ECDH-ES'),
    encoding: z.enum(tokenEncodings).default('A256GCM'),
    /** The API's public key; the private half never leaves the API. */
    publicKey: publicJwk,
  })
  .superRefine(({ algorithm, publicKey }, context) => {
    if (areSound(context, ['algorithm', 'publicKey']) && !takesEncryption(publicKey as JWK, algorithm))
      sayFault(context)(['publicKey'], `is no key to encrypt to by ${algorithm}`, keyMend(algorithm))
  })

export const api = z
  .strictObject({
    identifier: z.url({ abort: true }).refine(uriWithoutFragment, 'an absolute URI without fragment or query (RFC 8707 s2)'),
    name: z.string().min(1).max(80),
    scopes: z.record(scopeName, scope),
    algorithm: z.enum(signingAlgorithms).default('ES256'),
    accessTokenLifetimeSeconds: seconds(30, 86_400).default(600),
    /** Whether people and machines may make themselves API keys for it. */
    apiKeys: z.boolean().default(false),
    /** Whether its access tokens carry the person's `roles`. */
    includeRoles: z.boolean().default(false),
    encryption: encryption.optional(),
  })
  .superRefine(({ algorithm, encryption }, context) => {
    // HTTP servers commonly take 8 kB as one header, and verifiers no longer token.
    if (areSound(context, ['algorithm', 'encryption']) && encryption && algorithm === 'ML-DSA-87')
      sayFault(context)(['algorithm'], tooLong, 'Write ML-DSA-65, or leave out encryption.')
  })

const tooLong = 'has signatures so long that an encrypted token would be longer than 8 kB'

export type ApiSettings = z.output<typeof api>
