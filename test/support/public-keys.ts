/** Public keys that something can be encrypted to, and those that it cannot, each by what it is. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'

const jwk = (key: KeyObject): JWK => key.export({ format: 'jwk' }) as JWK
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)

export const goodKeys: Record<string, { algorithm: string; key: JWK }> = {
  'P-256': { algorithm: 'ECDH-ES', key: jwk(p256.publicKey) },
  'P-384': { algorithm: 'ECDH-ES', key: jwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey) },
  'P-521': { algorithm: 'ECDH-ES+A256KW', key: jwk(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey) },
  X25519: { algorithm: 'ECDH-ES', key: jwk(generateKeyPairSync('x25519').publicKey) },
  'RSA of 2048 bits': { algorithm: 'RSA-OAEP-256', key: rsa },
}

export const badKeys: Record<string, { algorithm: string; key: JWK }> = {
  secp256k1: { algorithm: 'ECDH-ES', key: jwk(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) },
  Ed25519: { algorithm: 'ECDH-ES', key: jwk(generateKeyPairSync('ed25519').publicKey) },
  X448: { algorithm: 'ECDH-ES', key: jwk(generateKeyPairSync('x448').publicKey) },
  'RSA of 1024 bits': { algorithm: 'RSA-OAEP-256', key: jwk(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) },
  'RSA of more bits than can be reckoned with': {
    algorithm: 'RSA-OAEP-256',
    key: { ...rsa, n: Buffer.alloc(2_049, 0xff).toString('base64url') },
  },
  'a point on no curve': { algorithm: 'ECDH-ES', key: { ...jwk(p256.publicKey), x: 'AA' } },
  'a private key': { algorithm: 'ECDH-ES', key: jwk(p256.privateKey) },
  'a key of another family': { algorithm: 'ECDH-ES', key: rsa },
  'a key for signatures': { algorithm: 'ECDH-ES', key: { ...jwk(p256.publicKey), use: 'sig' } },
  'a key of another algorithm': { algorithm: 'ECDH-ES', key: { ...jwk(p256.publicKey), alg: 'ECDH-ES+A256KW' } },
}
