/**
 * Text with its signature, after `Signer` and `TimestampSigner` of Django (3.2 and later, `django/core/signing.py`): what one signs under a secret
 * and a salt, the other reads.
 *
 *     <value>:<signature>            Signer
 *     <value>:<time>:<signature>     TimestampSigner, the time in base 62
 *
 * The signature is HMAC-SHA-256 over all that stands before it, in base64url; its key is SHA-256 of salt, the word `signer` and the secret, one
 * after the other. That has no mark between salt and secret, so a secret that others may choose or lengthen is no secret here: Signet's own are 32
 * bytes from `Secrets.keysFor`. Everybody reads the value: what nobody may read is sealed instead.
 */
import { createHmac, hash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { fromBase62, toBase62 } from './base62.ts'
import { sameInConstantTime } from './derive.ts'

/** The first signs, all of them verify: that is how a secret is replaced (Django's `fallback_keys`). */
export type SigningKeys = readonly [Buffer | string, ...(Buffer | string)[]]

export interface SignerParts {
  keys: SigningKeys
  /** What is signed for: what one purpose signed, no other reads. A salt is for one of the two signers, never for both. */
  salt?: string
  separator?: string
}

export interface Signer {
  sign(value: string): string
  /** @throws Refusal `bad_signature` when altered, or not signed for this salt by one of the keys */
  unsign(signed: string): string
}

export interface TimestampSigner {
  sign(value: string): string
  /**
   * @param maxAgeSeconds that the signature may have; who reads decides, so that it can be shortened later
   * @throws Refusal `bad_signature` as a Signer, and when it was signed ahead of our time; `signature_expired`
   */
  unsign(signed: string, maxAgeSeconds: number): { value: string; signedAt: number }
}

/** Characters of all that is signed or looked at. */
const longest = 16_384
/** Clocks of two servers differ a little; a signature from further ahead would outlive its age. */
const aheadSeconds = 60

/** As Django has it: the signature's own characters, and what lies between them in ASCII, cannot separate it from the value. */
const cannotSeparate = /^[A-z0-9-_=]*$/

export function createSigner({ keys, salt = 'django.core.signing.Signer', separator = ':' }: SignerParts): Signer {
  if (cannotSeparate.test(separator))
    throw new TypeError(`${JSON.stringify(separator)} cannot separate a value from its signature`)
  // Django takes an empty one for its default.
  if (salt === '') throw new TypeError('an empty salt is no purpose')
  if (keys.some((key) => key.length === 0)) throw new TypeError('a key is empty')
  const macKeys = keys.map((key) => hash('sha256', Buffer.concat([Buffer.from(`${salt}signer`), Buffer.from(key)]), 'buffer'))
  const signature = (key: Buffer, value: string) => createHmac('sha256', key).update(value).digest('base64url')

  return {
    sign(value) {
      // A lone surrogate has no bytes of its own: all of them would be signed as the same character.
      if (!value.isWellFormed()) throw new TypeError('the value is not well-formed text')
      const signed = value + separator + signature(macKeys[0] as Buffer, value)
      if (signed.length > longest) throw new TypeError(`what is signed has more than ${longest} characters`)
      return signed
    },
    unsign(signed) {
      if (signed.length > longest || !signed.isWellFormed()) throw badSignature('form')
      const end = signed.lastIndexOf(separator)
      if (end < 0) throw badSignature('form')
      const value = signed.slice(0, end)
      const given = signed.slice(end + separator.length)
      if (!macKeys.some((key) => sameInConstantTime(given, signature(key, value)))) throw badSignature('signature')
      return value
    },
  }
}

export function createTimestampSigner({
  salt = 'django.core.signing.TimestampSigner',
  separator = ':',
  keys,
  now,
}: SignerParts & { now: Clock }): TimestampSigner {
  const signer = createSigner({ keys, salt, separator })
  return {
    sign: (value) => signer.sign(value + separator + toBase62(now())),
    unsign(signed, maxAgeSeconds) {
      if (!Number.isFinite(maxAgeSeconds) || maxAgeSeconds < 0) throw new TypeError(`${maxAgeSeconds} is no age in seconds`)
      const timed = signer.unsign(signed)
      const end = timed.lastIndexOf(separator)
      const signedAt = end < 0 ? undefined : fromBase62(timed.slice(end + separator.length))
      if (signedAt === undefined) throw badSignature('time')
      const ageSeconds = now() - signedAt
      if (ageSeconds < -aheadSeconds) throw badSignature('ahead of time')
      if (ageSeconds > maxAgeSeconds)
        throw new Refusal('signature_expired', 'This was signed too long ago.', { detail: { ageSeconds, maxAgeSeconds } })
      return { value: timed.slice(0, end), signedAt }
    },
  }
}

export const badSignature = (reason: string): Refusal =>
  new Refusal('bad_signature', 'This was not signed here, or it was altered since.', { detail: { reason } })
