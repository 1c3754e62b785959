/**
 * Which of a client's keys an answer is encrypted to. The library goes by `kty` alone, and a key for signatures, or one that is too short,
 * fails when it is used; of the keys that a client serves at an address nobody has judged one before. Where none fits, the library says so.
 */
import type { JWK } from 'jose'
import type { Client } from 'oidc-provider'
import type { EncryptionAlgorithm } from '../../settings/algorithms.ts'
import { takesEncryption } from '../../settings/public-keys.ts'

interface KeyStore {
  selectForEncrypt(wanted: { alg: string }): JWK[]
}

/** Rests on the key store of the library's clients, which it asks at each encryption. */
export function encryptToFittingKeys(client: Client): void {
  const { asymmetricKeyStore: keys } = client as unknown as { asymmetricKeyStore: KeyStore }
  const select = keys.selectForEncrypt.bind(keys)
  keys.selectForEncrypt = (wanted) => select(wanted).filter((key) => takesEncryption(key, wanted.alg as EncryptionAlgorithm))
}
