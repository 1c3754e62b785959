/** Signatures by the algorithms that tokens are signed with, in the form of JOSE (RFC 7518 s3.3-3.5, RFC 8037 s3.1, RFC 9964 s4). On the thread pool. */
import { constants, type KeyObject, type SignKeyObjectInput, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from '../settings/algorithms.ts'

type Input = KeyObject | SignKeyObjectInput
const signAsync = promisify<string | null, Uint8Array, Input, Buffer>(sign)
const verifyAsync = promisify<string | null, Uint8Array, Input, Uint8Array, boolean>(verify)

export function signatureBy(algorithm: SigningAlgorithm, privateKey: KeyObject, data: Uint8Array): Promise<Buffer> {
  const { hash, input } = parameters(algorithm, privateKey)
  return signAsync(hash, data, input)
}

/** Whether the private half of this key made the signature. @throws nothing: what has not even the form is none */
export async function isSignature(
  algorithm: SigningAlgorithm,
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { hash, input } = parameters(algorithm, publicKey)
  return verifyAsync(hash, data, input, signature).catch(() => false)
}

function parameters(algorithm: SigningAlgorithm, key: KeyObject): { hash: string | null; input: Input } {
  if (algorithm === 'ES256') return { hash: 'sha256', input: { key, dsaEncoding: 'ieee-p1363' } }
  if (algorithm === 'EdDSA' || algorithm.startsWith('ML-DSA-')) return { hash: null, input: key }
  if (algorithm === 'RS256') return { hash: 'sha256', input: key }
  return {
    hash: 'sha256',
    input: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  }
}
