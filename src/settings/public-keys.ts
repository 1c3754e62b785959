/** Public keys as others give them to us (RFC 7517), judged before anything is encrypted to them or verified by them. */
import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { EncryptionAlgorithm } from './algorithms.ts'
import { sayFault } from './sound.ts'

/** Of every kind of key that may not be given: RFC 7518 s6, and the private half of RFC 9964. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Whether a JWK gives nothing away: it has no member that only a private or symmetric key has. Does NOT check that it is a key. */
export const isPublic = (jwk: object): boolean => !privateMembers.some((member) => member in jwk)

const agreementCurves = ['P-256', 'P-384', 'P-521', 'X25519']
/** How the one thing is got that may stand here. */
const publicHalf =
  "Give the public half alone, as a JWK: node -e \"console.log(require('crypto').createPublicKey(require('fs').readFileSync('key.pem')).export({format:'jwk'}))\"."
const knownCurves = [...agreementCurves, 'Ed25519']
const shortestModulus = 2048

export const publicJwk = z
  .looseObject({
    kty: z
      .enum(['EC', 'OKP', 'RSA'])
      .meta({ description: 'a public key; the other members are those of its kind (RFC 7518 s6)' }),
    kid: z.string().min(1).optional().meta({ description: 'the name by which tokens name it' }),
    use: z.enum(['sig', 'enc']).optional().meta({ description: 'one thing that it is for; without it, both' }),
  })
  .superRefine((jwk, context) => {
    const message = keyFault(jwk as JWK)
    if (message) sayFault(context)([], message, publicHalf)
  })

/**
 * RFC 8725 s3.5: keys too short for their algorithm are refused, and those of curves that no algorithm here uses.
 * Does NOT check that anybody has the private half.
 */
function keyFault(jwk: JWK): string | undefined {
  if (!isPublic(jwk)) return 'this is a private or symmetric key; give the public half'
  // RFC 7517 s4: the library takes a whole set with a wrong member for broken.
  const { alg = 'any', x5c = [] } = jwk as { alg?: unknown; x5c?: unknown }
  if (!isText(alg) || !Array.isArray(x5c) || !x5c.every(isText)) return 'alg is a text, and x5c a list of texts'
  const key = keyFrom(jwk)
  if (!key) return 'is no public key'
  if (jwk.kty === 'RSA') return rsaFault(key)
  return knownCurves.includes(String(jwk.crv)) ? undefined : `has a curve that is none of ${knownCurves.join(', ')}`
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''

function keyFrom(jwk: JWK): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

function rsaFault(key: KeyObject): string | undefined {
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < shortestModulus) return `an RSA key has at least ${shortestModulus} bits`
  try {
    // OpenSSL has bounds of its own for what is too large, and says them only when the key is used.
    publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.alloc(32))
    return undefined
  } catch {
    return 'cannot be used as an RSA key'
  }
}

/** RFC 7518 s4 and RFC 8037 s3.2: whether something can be encrypted to a key by this algorithm, and the key is not meant for other things. */
export function takesEncryption(jwk: JWK, algorithm: EncryptionAlgorithm): boolean {
  const { kty, crv, use = 'enc', alg = algorithm } = jwk
  if (use !== 'enc' || alg !== algorithm || keyFault(jwk) !== undefined) return false
  return algorithm === 'RSA-OAEP-256' ? kty === 'RSA' : kty !== 'RSA' && agreementCurves.includes(String(crv))
}

/** What key an algorithm needs, for whoever gave another. */
export const keyMend = (algorithm: EncryptionAlgorithm): string =>
  algorithm === 'RSA-OAEP-256'
    ? `Give an RSA key of ${shortestModulus} bits or more without use, or with use: enc; or another algorithm.`
    : `Give a key of ${agreementCurves.join(', ')} without use, or with use: enc; or another algorithm.`

/** RFC 7517 s5, of a client; at most what one can need while it rotates. */
export const clientKeySet = z.strictObject({
  keys: z.array(publicJwk).min(1).max(10).meta({ description: 'a JWK each (RFC 7517)' }),
})
