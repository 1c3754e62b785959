/**
 * The form of a refresh token: `sgr_<family>.<generation>.<mac>`, the mac over both with a seed that its family alone has. A successor
 * is thereby a function of its predecessor's family: whoever rotates at the same moment, or asks again because an answer was lost, gets
 * the same one, and none of them has to be kept.
 */
import { randomBytes } from 'node:crypto'
import { keyedDigest, sameInConstantTime } from '../../crypto/derive.ts'

/** What a token says that it is. Not believed before `isGenuine`. */
export interface Member {
  /** Random; names a row, and is no secret by itself. */
  family: string
  /** 0 for the first token, one more for each successor. */
  generation: number
}

/** One spelling for each token: no leading zeros; the last character of the mac is settled by comparing the whole. */
const form = /^sgr_([\w-]{22})\.(0|[1-9]\d{0,8})\.[\w-]{43}$/

export const newFamily = (): string => randomBytes(16).toString('base64url')

export const newSeed = (): string => randomBytes(32).toString('base64url')

export function refreshToken(seed: string, { family, generation }: Member): string {
  const mac = keyedDigest(Buffer.from(seed, 'base64url'), `${family}.${generation}`)
  return `sgr_${family}.${generation}.${mac}`
}

/** @returns undefined for whatever does not have the form */
export function readRefreshToken(value: string): Member | undefined {
  const [, family, generation] = form.exec(value) ?? []
  return family === undefined ? undefined : { family, generation: Number(generation) }
}

/** Whether this server made it, for the family whose seed is given. In constant time. */
export function isGenuine(value: string, seed: string, member: Member): boolean {
  return sameInConstantTime(value, refreshToken(seed, member))
}
