/** The issuer's signed list of what ended, as docs/revocation.md has it. */
import { decodeObject } from './compact.ts'
import { maySign } from './jwks.ts'
import type { KeySource } from './keys.ts'
import type { SignatureCheck } from './signature.ts'

export interface Trust {
  issuer: string
  keys: Pick<KeySource, 'findSeldom'>
  verifySignature: SignatureCheck
  /** Whether the key of this id was revoked. */
  isDead(kid: string): boolean
}

export type Entry = readonly [digest: string, end: number, before?: number]

export interface RevocationList {
  iat: number
  /** Of which database it is. */
  lineage: string
  /** How many sentences of that came before those that it holds. */
  from: number
  /** The lineage, a dot, and how many whoever reads it has read then. */
  cursor: string
  before?: number
  /** There is more to be read at once. */
  more?: unknown
  entries: readonly Entry[]
}

/** Validates: the type, ES256 by a key of the issuer that was not revoked, the issuer, the shape. Does NOT validate: its age, since an old list is not wrong. */
export async function verifiedList(text: string, { issuer, keys, verifySignature, isDead }: Trust): Promise<RevocationList> {
  const [header = '', payload = '', signature = '', ...rest] = text.split('.')
  const { typ, alg, kid, crit } = decodeObject(header)
  if (rest.length > 0 || typ !== 'revocations+jwt' || alg !== 'ES256' || typeof kid !== 'string' || crit !== undefined)
    throw new Error('the list of revocations is none')
  const key = isDead(kid) ? undefined : await keys.findSeldom(kid)
  const signed = Buffer.from(`${header}.${payload}`, 'latin1')
  const isMeant = key?.algorithm === 'ES256' && maySign(key, typ)
  if (!isMeant || !verifySignature('ES256', key.key, signed, Buffer.from(signature, 'base64url')))
    throw new Error('the list of revocations is not signed by the issuer')
  const document = decodeObject(payload)
  const { iss, iat, lineage, from, cursor, before, entries } = document
  const isPlaced = typeof lineage === 'string' && isTime(from) && typeof cursor === 'string'
  const isWhole = iss === issuer && isTime(iat) && isPlaced && (before === undefined || isTime(before))
  if (!isWhole || !Array.isArray(entries) || !entries.every(isEntry)) throw new Error('the list of revocations has another shape')
  return document as unknown as RevocationList
}

/**
 * Whether whoever has read up to a cursor misses nothing by going on from this document. One that begins later is good for somebody else: out of a cache that
 * does not look at `after`, or sent by whoever keeps from this reader what stands between.
 */
export function follows({ lineage, from }: RevocationList, cursor: string | undefined): boolean {
  const [, of, number] = /^(.*)\.(\d+)$/s.exec(cursor ?? '') ?? []
  return from <= (of === lineage ? Number(number) : 0)
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && typeof entry[0] === 'string' && isTime(entry[1]) && (entry[2] === undefined || isTime(entry[2]))
