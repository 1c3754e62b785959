/**
 * Encrypted and authenticated text for what lies in the store: AES-256-GCM, bound to a context, so that a row moved to another
 * place does not open there. Each context has a key of its own (an HMAC of it), which keeps random 96-bit nonces far from
 * their limit of 2^32 messages under one key (NIST SP 800-38D s8.3). Synchronous on purpose: five microseconds, no thread pool.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import type { Keys } from './secrets.ts'

export interface Sealer {
  seal(text: string, context: string): string
  /** @throws Refusal `unreadable` when altered, moved to another context, or sealed under a secret that is not given. */
  open(sealed: string, context: string): string
}

const nonceBytes = 12
const tagBytes = 16

/** @param keys the first seals, all of them open: that is how a secret is replaced. 32 bytes each. */
export function createSealer(...keys: Keys): Sealer {
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', keyFor(keys[0], context), nonce)
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return sealed.toString('base64url')
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url')
      for (const key of keys) {
        const text = tryOpen(bytes, keyFor(key, context))
        if (text !== undefined) return text
      }
      throw new Refusal('unreadable', 'A stored record cannot be read with the secrets given.', {
        status: 500,
        detail: { context },
      })
    },
  }
}

function keyFor(key: Buffer, context: string): Buffer {
  return createHmac('sha256', key).update(context).digest()
}

function tryOpen(bytes: Buffer, key: Buffer): string | undefined {
  if (bytes.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  try {
    return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}
