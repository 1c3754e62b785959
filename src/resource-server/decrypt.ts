/** Encrypted access tokens (RFC 7516): a JWE made for this API around a signed token. The signature inside is what counts; anyone can encrypt. */
import { createPrivateKey, KeyObject } from 'node:crypto'
import { compactDecrypt, type JWK } from 'jose'
import { decodeObject } from './compact.ts'
import { BearerError } from './errors.ts'

export interface DecryptOptions {
  /** The private key of this API: EC, X25519 or RSA, as a `KeyObject` or a JWK. */
  key: KeyObject | JWK
}

export type Decrypt = (token: string) => Promise<string>

// No password (PBES2) whose cost the sender would choose, no shared key, no RSA1_5 (RFC 8725 s3.2).
const keyManagementAlgorithms = ['ECDH-ES', 'ECDH-ES+A256KW', 'RSA-OAEP-256']
const contentEncryptionAlgorithms = ['A128GCM', 'A256GCM']

/**
 * Validates: the algorithms, that nothing is compressed (RFC 8725 s3.6), that a token of type `at+jwt` is announced within (RFC 7519 s5.2).
 * Does NOT validate: anything of the token within.
 * @throws TypeError for a key that cannot decrypt
 */
export function decrypter(options: DecryptOptions): Decrypt {
  const key = options.key instanceof KeyObject ? options.key : createPrivateKey({ key: options.key, format: 'jwk' })
  if (key.type !== 'private') throw new TypeError('decrypt.key must be a private key')
  return async (token) => {
    const header = decodeObject(token.slice(0, token.indexOf('.')))
    const announced = typeof header.cty === 'string' && /^(application\/)?at\+jwt$/i.test(header.cty)
    if (!announced || 'zip' in header || 'crit' in header) throw new BearerError('encrypted_token')
    try {
      const { plaintext } = await compactDecrypt(token, key, { keyManagementAlgorithms, contentEncryptionAlgorithms })
      return Buffer.from(plaintext).toString('latin1')
    } catch (cause) {
      throw new BearerError('encrypted_token', { cause })
    }
  }
}
