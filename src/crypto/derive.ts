/** One master secret, a key per purpose: HKDF-SHA-256 (RFC 5869), the purpose as `info`. A key for one purpose tells nothing of another. */
import { createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'

/** @param purpose names what the key is for, e.g. `store/artifacts`; a name is never used for two things. @returns 32 bytes. */
export function deriveKey(masterSecret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterSecret, 'signet', `signet/1/${purpose}`, 32))
}

/** SHA-256, base64url: the form in which a high-entropy value (a code, a token, a generated secret) may be kept and looked up. */
export function digest(value: string): string {
  return hash('sha256', value, 'base64url')
}

/** HMAC-SHA-256, base64url: for what is too short for a plain digest, such as an address or a code that a person types. */
export function keyedDigest(key: Buffer, value: string): string {
  return createHmac('sha256', key).update(value).digest('base64url')
}

/** How many slots there are of each kind. */
export const slots = 65_536

/**
 * The slot that a value falls into: for counters of what strangers name, which are thereby never more than there are slots. Two values that share
 * one are counted together; nobody without the key knows which do.
 */
export function keyedSlot(key: Buffer, value: string): string {
  return String(createHmac('sha256', key).update(value).digest().readUInt16BE())
}

/** Compares two strings in a time that does not depend on where they differ. Lengths are not hidden. */
export function sameInConstantTime(one: string, other: string): boolean {
  const a = Buffer.from(one)
  const b = Buffer.from(other)
  return a.length === b.length && timingSafeEqual(a, b)
}
