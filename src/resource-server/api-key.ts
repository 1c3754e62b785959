/**
 * How an API key is written: `signet_`, a compact JWS of type `api-key+jwt`, `_`, and six characters of checksum. Prefix and checksum are for those who
 * search code and logs for keys, without asking anyone, and for whoever mistyped one; what a key is worth stands in the signed token alone.
 */
import { crc32 } from 'node:zlib'
import { BearerError } from './errors.ts'

const prefix = 'signet_'
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** `_` and six digits. */
const tailLength = 7

/** Whether this is written as a key. No token is: by RFC 7515 s3.1 one begins with the base64url of `{`. */
export const isKey = (credential: string): boolean => credential.startsWith(prefix)

/**
 * Validates: the checksum. Does NOT validate: anything of the token within.
 * @throws BearerError `mistyped_key`
 */
export function tokenWithin(key: string): string {
  const before = key.slice(0, -tailLength)
  if (key !== withChecksum(before)) throw new BearerError('mistyped_key')
  return before.slice(prefix.length)
}

/** The key around a token. */
export const keyAround = (token: string): string => withChecksum(prefix + token)

const withChecksum = (text: string): string => `${text}_${checksumOf(text)}`

/** CRC-32 in base 62, the highest digit first. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let count = 0; count < 6; count++) {
    written = digits.charAt(rest % 62) + written
    rest = Math.floor(rest / 62)
  }
  return written
}
