/**
 * Encrypts to somebody's public key (RFC 7516, compact) and keeps hold of the content key, so that whoever is given that key reads the same
 * text, and nothing but that text: the key opens this ciphertext under this header alone.
 */
import { createDecipheriv, diffieHellman, generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import type { EncryptionAlgorithm, TokenEncoding } from '../settings/algorithms.ts'

export interface Recipient {
  algorithm: EncryptionAlgorithm
  encoding: TokenEncoding
  /** EC, X25519 or RSA, as the algorithm needs it. */
  key: KeyObject
}

const keyBytes: Record<TokenEncoding, number> = { A256GCM: 32, A128GCM: 16 }

/** @param headerFor what else stands in the protected header; it may say the content key, sealed for others */
export async function encryptKeepingKey(
  text: string,
  { algorithm, encoding, key }: Recipient,
  headerFor: (contentKey: Buffer) => Record<string, unknown>,
): Promise<string> {
  const ephemeral = algorithm === 'ECDH-ES' ? ephemeralKeyFor(key) : undefined
  const contentKey = ephemeral ? agreedKey(ephemeral, key, encoding) : randomBytes(keyBytes[encoding])
  const jwe = new CompactEncrypt(Buffer.from(text)).setProtectedHeader({
    alg: algorithm,
    enc: encoding,
    ...headerFor(contentKey),
  })
  // jose makes both by itself unless they are given, which it keeps for those who have to know them.
  if (ephemeral) jwe.setKeyManagementParameters({ epk: ephemeral })
  else jwe.setContentEncryptionKey(contentKey)
  return jwe.encrypt(key)
}

/**
 * Validates: that header, ciphertext and tag are the ones that were made with this key, in their one spelling. Does NOT validate: the
 * wrapped key of algorithms that have one. Whoever alters that makes a token which its recipient cannot open, around the same text.
 * @returns the text, or undefined
 */
export function openByKey(jwe: string, contentKey: Buffer): string | undefined {
  const [header = '', wrappedKey = '', ...rest] = jwe.split('.')
  const bytes = rest.map((part) => Buffer.from(part, 'base64url'))
  const [nonce, ciphertext, tag] = bytes
  const isCanonical = bytes.every((part, index) => part.toString('base64url') === rest[index])
  if (!isCanonical || nonce?.length !== 12 || !ciphertext || tag?.length !== 16 || bytes.length !== 3) return undefined
  try {
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString())
    if (alg === 'ECDH-ES' && wrappedKey !== '') return undefined
    const decipher = createDecipheriv(`aes-${contentKey.length === 32 ? 256 : 128}-gcm`, contentKey, nonce, { authTagLength: 16 })
    decipher.setAAD(Buffer.from(header, 'ascii'))
    decipher.setAuthTag(tag)
    return decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}

function ephemeralKeyFor({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): KeyObject {
  if (type === 'x25519') return generateKeyPairSync('x25519').privateKey
  return generateKeyPairSync('ec', { namedCurve: asymmetricKeyDetails?.namedCurve as string }).privateKey
}

/** RFC 7518 s4.6.2: one round of the Concat KDF, which gives the 256 bits at most that are needed; nobody is named as party. */
function agreedKey(privateKey: KeyObject, publicKey: KeyObject, encoding: TokenEncoding): Buffer {
  const bytes = keyBytes[encoding]
  const shared = diffieHellman({ privateKey, publicKey })
  const nobody = number(0)
  const otherInfo = [number(encoding.length), Buffer.from(encoding), nobody, nobody, number(bytes * 8)]
  return hash('sha256', Buffer.concat([number(1), shared, ...otherInfo]), 'buffer').subarray(0, bytes)
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
