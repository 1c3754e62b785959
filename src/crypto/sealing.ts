/**
 * Encrypted and authenticated text for what lies in the store: AES-256-GCM, bound to a context, so that a row moved to another
 * place does not open there. Each context has a key of its own (an HMAC of it), which keeps random 96-bit nonces far from
 * their limit of 2^32 messages under one key (NIST SP 800-38D s8.3). Synchronous on purpose: a few microseconds, no thread pool. For what leaves
 * this server by letter there is `sealed-tokens.ts`; docs/tokens.md says which to use where.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import { type Keys, nameLength, type Secrets } from './secrets.ts'

export interface Sealer {
  seal(text: string, context: string): string
  /** @throws Refusal `unreadable` when altered, moved to another context, or sealed under a secret that is not given. */
  open(sealed: string, context: string): string
}

export interface NamedSealer extends Sealer {
  /** The same text, sealed by the newest secret; undefined when it is already. @throws Refusal as `open` */
  renewed(sealed: string, context: string): string | undefined
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

/**
 * For what lies in the store: `<name of the secret>.<sealed>`. So it is known what a secret is still needed for, and which one is missing.
 * What has no name, from before there were names, is tried with all.
 */
export function createNamedSealer(secrets: Secrets, purpose: string): NamedSealer {
  const keys = secrets.keysFor(purpose)
  const tryAll = createSealer(...keys)
  const byName = new Map(secrets.names.map((name, at) => [name, createSealer(keys[at] as Buffer)]))
  const [newest] = secrets.names
  const seal = (text: string, context: string) => `${newest}.${(byName.get(newest) as Sealer).seal(text, context)}`
  const open = (sealed: string, context: string) => {
    const name = secretOf(sealed)
    if (name === undefined) return tryAll.open(sealed, context)
    const sealer = byName.get(name)
    if (!sealer) throw missing(name, context)
    return sealer.open(sealed.slice(nameLength + 1), context)
  }
  return {
    seal,
    open,
    renewed: (sealed, context) => (secretOf(sealed) === newest ? undefined : seal(open(sealed, context), context)),
  }
}

/** @returns the name of the secret that a stored text was sealed under; undefined when it does not say */
export const secretOf = (sealed: string): string | undefined =>
  sealed[nameLength] === '.' ? sealed.slice(0, nameLength) : undefined

/** Whoever is asked for it may have it again when the secret is given again: 503, so that nobody throws away what they hold. */
function missing(name: string, context: string): Refusal {
  return new Refusal('unreadable', `A stored record was sealed under the secret ${name}, which is not given.`, {
    status: 503,
    detail: { context, name },
  })
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
