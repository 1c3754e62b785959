/** The algorithms of JOSE that this server signs and encrypts with, by their names (RFC 7518, RFC 8037, RFC 9964). The first of each list is the default. */

/** ML-DSA (FIPS 204), which a quantum computer does not break; its signatures are forty to seventy times as long as those of ES256. */
export const postQuantumAlgorithms = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const

/** What an access token may be signed with, as its API says. */
export const signingAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', ...postQuantumAlgorithms] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** What this server signs for clients with: ID tokens, signed answers. RS256 is there for those who know nothing else. */
export const responseAlgorithms = ['ES256', 'RS256'] as const satisfies SigningAlgorithm[]

/** And how it encrypts, to clients and to APIs. */
export const encryptionAlgorithms = ['ECDH-ES', 'ECDH-ES+A256KW', 'RSA-OAEP-256'] as const
export type EncryptionAlgorithm = (typeof encryptionAlgorithms)[number]

/** Of access tokens, whose content key this server keeps hold of (`crypto/content-keys.ts`). */
export const tokenEncodings = ['A256GCM', 'A128GCM'] as const
export type TokenEncoding = (typeof tokenEncodings)[number]
export const encryptionEncodings = [...tokenEncodings, 'A128CBC-HS256'] as const
