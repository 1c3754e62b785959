/** What the list says of a value: it names something, and not what (docs/revocation.md). */
import { hash } from 'node:crypto'
import type { Digest } from './revocation-table.ts'

/** Places for each kind. Of two values with the same place the later one stays: a Map would cost what it saves, and has to be emptied. */
const places = 4_096

/** @returns the digest of a value of this kind; one that comes again with other tokens, as a client, a person, a grant do, is reckoned once */
export function createDigests(issuer: string, about: string): (value: string) => Digest {
  const named = `${issuer}\n${about}\n`
  // As text, since a buffer takes longer to make than the hash.
  const digestOf = (value: string) => wordsOf(hash('sha256', named + hash('sha256', value, 'base64url'), 'latin1'))
  // No two tokens have the same.
  if (about === 'token') return digestOf
  let values: (string | undefined)[] | undefined
  let digests: Digest[]
  return (value) => {
    if (!values) {
      values = new Array(places)
      digests = new Array(places)
    }
    const place = placeOf(value)
    if (values[place] === value) return digests[place] as Digest
    const digest = digestOf(value)
    values[place] = value
    digests[place] = digest
    return digest
  }
}

/** By the last characters: where values are random, those are, and where they are counted, they differ. */
function placeOf(value: string): number {
  const last = value.length - 1
  return (value.charCodeAt(last) + 61 * value.charCodeAt(last - 1) + 3_721 * value.charCodeAt(last - 2)) & (places - 1)
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
