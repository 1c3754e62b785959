/**
 * The one seam between the kit and cryptography: (algorithm, key, signed bytes, signature) to yes or no.
 *
 * The synchronous primitive of Node stands here because it is the fastest: one call costs what the mathematics costs, where the
 * asynchronous ones add a trip through the thread pool that they share with whatever else the process hashes.
 */
import { constants, type KeyObject, verify } from 'node:crypto'

/**
 * No `none` and no HMAC: neither can be configured. `EdDSA` means Ed25519; its newer name (RFC 9864) is left out because
 * most verifiers do not know it, so that no issuer may count on it.
 */
export const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const
/** Taken by whoever names them alone: their tokens are five to seven thousand characters long (RFC 9964). Node 24.7 and later. */
export const postQuantumAlgorithms = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const
export const knownAlgorithms = [...algorithms, ...postQuantumAlgorithms] as const
export type Algorithm = (typeof knownAlgorithms)[number]

/**
 * Validates: that the signature over these bytes was made by the private half of the key.
 * Does NOT validate: that the key fits the algorithm or may be used for it; `jwks.ts` sees to that when keys come in. Nor that this is the
 * only signature possible: of ECDSA, (r, n - s) is as good as (r, s), and signers make either. Whoever counts tokens counts `jti`s.
 */
export type SignatureCheck = (algorithm: Algorithm, key: KeyObject, signed: Uint8Array, signature: Uint8Array) => boolean

export const verifySignature: SignatureCheck = (algorithm, key, signed, signature) => {
  switch (algorithm) {
    case 'ES256':
      // RFC 7518 s3.4: R and S of 32 bytes each, never DER.
      return signature.length === 64 && verify('sha256', signed, key, derOf(signature))
    case 'EdDSA':
    case 'ML-DSA-44':
    case 'ML-DSA-65':
    case 'ML-DSA-87':
      return verify(null, signed, key, signature)
    case 'RS256':
      return isWhole(key, signature) && verify('sha256', signed, key, signature)
    case 'PS256':
      // RFC 7518 s3.5: the salt is as long as the digest.
      return (
        isWhole(key, signature) &&
        verify('sha256', signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature)
      )
  }
}

/** RFC 8017 s8.1.2: as long as the modulus. OpenSSL also takes one by PSS without its leading zeros, so that one token would have two spellings. */
const isWhole = (key: KeyObject, signature: Uint8Array): boolean =>
  signature.length * 8 === key.asymmetricKeyDetails?.modulusLength

// Two whole numbers of 33 bytes at most, each behind two bytes, in a sequence behind two bytes.
const der = new Uint8Array(72)

/** What Node would make of R and S by itself, in a fiftieth more of the time that the whole check takes (measured). @returns memory that the next call takes over */
function derOf(signature: Uint8Array): Uint8Array {
  const end = integerInto(integerInto(2, signature, 0), signature, 32)
  der[0] = 0x30
  der[1] = end - 2
  return der.subarray(0, end)
}

/** Writes the 32 bytes from there as X.690 s8.3 has a whole number: no zero in front but where the first bit would be a sign. @returns where it ends */
function integerInto(at: number, bytes: Uint8Array, from: number): number {
  const end = from + 32
  let first = from
  while (first < end - 1 && bytes[first] === 0) first++
  const sign = (bytes[first] as number) >= 0x80 ? 1 : 0
  der[at] = 0x02
  der[at + 1] = end - first + sign
  if (sign === 1) der[at + 2] = 0
  for (let to = at + 2 + sign; first < end; first++, to++) der[to] = bytes[first] as number
  return at + 2 + (der[at + 1] as number)
}
