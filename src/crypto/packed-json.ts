/**
 * JSON as text that a URL takes, after what Django's `sign_object` writes: compact, ASCII alone, in base64url; `.` and zlib's stream instead where
 * that is asked for and shorter. Meant for what a signature stands over: nothing here shows who wrote it.
 */
import { deflateSync, inflateSync } from 'node:zlib'
import { isCanonical } from './compact.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Bytes of JSON, before it is compressed and after it is inflated. */
const most = 65_536
/** Lists and objects within one another: whoever walks through what was read has a stack. */
const deepest = 64

export function packJson(value: Json, { compress = false } = {}): string {
  const text = JSON.stringify(value, (_name, member) => {
    if (typeof member === 'number' && !Number.isFinite(member)) throw new TypeError(`${member} is no JSON`)
    return member
  })
  if (text === undefined) throw new TypeError(`${typeof value} is no JSON`)
  const plain = Buffer.from(text.replace(/[^ -~]/g, escaped))
  if (plain.length > most) throw new TypeError(`the JSON has more than ${most} bytes`)
  if (isTooDeep(text)) throw new TypeError(`the JSON is more than ${deepest} levels deep`)
  if (!compress) return plain.toString('base64url')
  const deflated = deflateSync(plain)
  // The mark takes a character: it has to save more than that.
  return deflated.length < plain.length - 1 ? `.${deflated.toString('base64url')}` : plain.toString('base64url')
}

/**
 * Numbers are read as JavaScript has them: an integer beyond 2^53 loses digits. A member `__proto__` is a member like others.
 * @returns undefined for what is not packed JSON, inflates to too much, or is too deep
 */
export function unpackJson(packed: string): Json | undefined {
  const encoded = packed.startsWith('.') ? packed.slice(1) : packed
  if (encoded.includes('.') || !isCanonical(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64url')
  try {
    const plain = packed.startsWith('.') ? inflateSync(bytes, { maxOutputLength: most }) : bytes
    const text = plain.toString('latin1')
    return isTooDeep(text) ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Looks at the text, so that nothing is made of what is too deep. Does NOT judge whether it is JSON. */
function isTooDeep(text: string): boolean {
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < text.length && depth <= deepest; at++) {
    const unit = text[at]
    if (isQuoted && unit === '\\') at++
    else if (unit === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (unit === '[' || unit === '{') depth++
    else if (unit === ']' || unit === '}') depth--
  }
  return depth > deepest
}
