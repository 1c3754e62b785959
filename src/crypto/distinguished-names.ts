/** Distinguished names in text (RFC 4514), compared member by member rather than letter by letter. */

/** A relative name: its types and values, in an order of their own (RFC 4514 s2.2: a set). */
type Relative = string[]

/**
 * @param written by Node: a line for each relative name, the root first, each escaped by RFC 2253
 * @param expected by RFC 4514: the root last, separated by commas
 * @returns whether both name the same; values to the letter, types without regard to case. False when either cannot be read.
 */
export function sameName(written: string, expected: string): boolean {
  const lines = written.split('\n').map((line) => relativesOf(line))
  const actual = lines.reverse().flat()
  const wanted = relativesOf(expected)
  if (written === '' || !wanted || actual.includes(undefined)) return false
  return JSON.stringify(actual) === JSON.stringify(wanted)
}

// RFC 4514 s3: an attribute's type, then a value in which what has a meaning is escaped. Values in hexadecimal (`#…`) are not read.
const attribute =
  /\s*([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)\s*=((?:[^\\,+"<>;\0]|\\[0-9A-Fa-f]{2}|\\[ "#+,;<=>\\])*)([,+]|$)/y

function relativesOf(text: string): Relative[] | undefined {
  const relatives: Relative[] = []
  let current: Relative = []
  attribute.lastIndex = 0
  for (let separator = ','; separator !== ''; ) {
    const [, type, escaped = '', next = ''] = attribute.exec(text) ?? []
    const value = unescaped(escaped)
    if (type === undefined || value === undefined) return undefined
    current.push(JSON.stringify([type.toLowerCase(), value]))
    if (next !== '+') {
      relatives.push(current.sort())
      current = []
    }
    separator = next
  }
  return relatives
}

/** @returns undefined for bytes that are no UTF-8, and for a value in hexadecimal */
function unescaped(text: string): string | undefined {
  const trimmed = text.replace(/^ +/, '').replace(/(^|[^\\])((?:\\\\)*(?:\\ )?) +$/, '$1$2')
  if (trimmed.startsWith('#')) return undefined
  const bytes = trimmed.match(/\\[0-9A-Fa-f]{2}|\\.|[^\\]+/gu)?.map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part)
    return part.length === 3 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part.slice(1))
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(bytes ?? []))
  } catch {
    return undefined
  }
}
