/**
 * The compact serialization (RFC 7515 s7.1, RFC 7516 s7.1), judged before anything of it is decoded: its size, its dots, and that every part is
 * canonical base64url. Decoders are lenient (padding, `+/`, trailing bits that are not zero); with them one token has many spellings.
 */
import { isUtf8 } from 'node:buffer'
import { BearerError } from './errors.ts'

// More than any access token needs, and what HTTP servers commonly take as one header.
const maxLength = 8192

export type JsonObject = Readonly<Record<string, unknown>>

// Three parts are a JWS, five a JWE.
const compact = /^[\w-]*\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?$/

/** Whether a token is short enough to be looked at. */
export const isBounded = (token: string): boolean => typeof token === 'string' && token.length <= maxLength

/** @returns the three parts of what has the form of a JWS, or the five of a JWE; that says nothing about their contents. */
export function partsOf(token: string): string[] {
  const parts = isBounded(token) && compact.test(token) ? token.split('.') : []
  if (parts.length === 0 || !parts.every(isCanonical)) throw new BearerError('malformed_token')
  return parts
}

// RFC 4648 s3.5: of a last group, two characters carry 8 bits and four zeros, three carry 16 bits and two zeros; one alone carries no byte.
function isCanonical(part: string): boolean {
  const rest = part.length % 4
  if (rest === 0) return true
  const last = part.charAt(part.length - 1)
  return (rest === 2 && 'AQgw'.includes(last)) || (rest === 3 && 'AEIMQUYcgkosw048'.includes(last))
}

/**
 * Validates: UTF-8, JSON, an object. Does NOT validate: what it says. A member name that comes twice counts once, its last value (RFC 7515 s4);
 * `__proto__` becomes a member like any other, since `JSON.parse` defines members and does not assign them.
 */
export function decodeObject(encoded: string): JsonObject {
  const bytes = Buffer.from(encoded, 'base64url')
  return objectIn(isUtf8(bytes) ? bytes.toString() : undefined)
}

/** As `decodeObject`, of what was decoded. */
export function objectIn(json: string | undefined): JsonObject {
  const value = json === undefined ? undefined : parse(json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BearerError('malformed_token')
  return value as JsonObject
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
