/** What the list says of a value: it names something, and not what (docs/revocation.md). */
import { hash } from 'node:crypto'
import type { Digest } from './revocation-table.ts'

/** Of each kind. Whoever has more people than this reckons once more for some of their tokens. */
const mostRemembered = 4_096

/** @returns the digest of a value of this kind. What comes again with other tokens, a client, a person, a grant, is reckoned once. */
export function createDigests(issuer: string): (about: string, value: string) => Digest {
  const remembered = new Map<string, Map<string, Digest>>()

  function digestOf(about: string, value: string): Digest {
    // As text, since a buffer takes longer to make than the hash.
    const inner = hash('sha256', value, 'base64url')
    return wordsOf(hash('sha256', `${issuer}\n${about}\n${inner}`, 'latin1'))
  }

  return (about, value) => {
    // No two tokens have the same.
    if (about === 'token') return digestOf(about, value)
    let values = remembered.get(about)
    const known = values?.get(value)
    if (known) return known
    if (!values || values.size >= mostRemembered) {
      values = new Map()
      remembered.set(about, values)
    }
    const digest = digestOf(about, value)
    values.set(value, digest)
    return digest
  }
}

/** @param text sixteen bytes in base64url, as an entry has them */
export function digestIn(text: string): Digest {
  return wordsOf(Buffer.from(text, 'base64url').toString('latin1'))
}

/** @param bytes one a character, the first sixteen of them */
function wordsOf(bytes: string): Digest {
  return [wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12)]
}

function wordAt(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) << 24) | (bytes.charCodeAt(at + 1) << 16) | (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3)
  )
}
