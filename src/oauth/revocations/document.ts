/** The list of revocations as others read it, signed (docs/revocation.md). It says that something ended, and not whose. */
import { hash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { KeyRing } from '../../crypto/keyring.ts'
import type { KeptSentence, Store } from '../../store/store.ts'
import { everything } from '../../tokens/revocation.ts'
import type { Signatures } from '../signatures.ts'

export const revocationsType = 'revocations+jwt'
/** How long a document counts as fresh. */
export const freshSeconds = 60
/** A fresh one is signed when half of that is over. */
const reusedSeconds = 30
/** Some 500 KB of a document. What is longer is read in several. */
const mostEntries = 10_000
const algorithm = 'ES256'

export interface DocumentParts {
  issuer: string
  store: Pick<Store, 'revocations' | 'lineage'>
  ring: Pick<KeyRing, 'current'>
  signatures: Pick<Signatures, 'by'>
  now: Clock
}

/** A place in the list: the life of the database, and how many sentences of it were read. */
export interface Place {
  lineage: string
  cursor: number
}

export interface Documents {
  /** Where the list ends now. */
  end(): Promise<Place>
  /** @returns undefined for what is no place in this list: whoever asks with it is told all of it */
  placeOf(text: string | undefined): Promise<Place | undefined>
  /** What came after that, signed once for all who ask for the same. */
  after(place: Place): Promise<string>
}

export function createDocuments({ issuer, store, ring, signatures, now }: DocumentParts): Documents {
  let signed = { of: '', at: 0, after: new Map<number, Promise<string>>() }

  async function life(): Promise<{ lineage: string; beganAt?: number }> {
    const restored = await store.lineage.current()
    const list = await store.revocations.list()
    if (!list) throw new TypeError('the list of revocations was not begun')
    return restored ? { lineage: restored.id, beganAt: restored.beganAt } : { lineage: list.id }
  }

  async function end(): Promise<Place> {
    const { lineage } = await life()
    return { lineage, cursor: await store.revocations.cursor() }
  }

  async function written(after: number): Promise<string> {
    const { lineage, beganAt = never } = await life()
    const [said] = await store.revocations.find([everything])
    const before = Math.max(beganAt, said?.before ?? never)
    const read = await store.revocations.cursor()
    const sentences = await store.revocations.after(after, mostEntries)
    const isWhole = sentences.length < mostEntries
    // Those whose end is over are left out, the newest too: the end of the list is what was read before them.
    const cursor = isWhole ? Math.max(read, sentences.at(-1)?.cursor ?? 0) : (sentences.at(-1) as KeptSentence).cursor
    const at = now()
    const key = ring.current(algorithm)
    const header = { alg: algorithm, typ: revocationsType, kid: key.kid }
    const payload = {
      iss: issuer,
      iat: at,
      exp: at + freshSeconds,
      lineage,
      cursor: textOf({ lineage, cursor }),
      ...(before !== never && { before }),
      ...(!isWhole && { more: true }),
      entries: sentences.filter(({ kind }) => kind !== everything.kind).map((sentence) => entryOf(issuer, sentence)),
    }
    const data = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${data}.${(await signatures.by(key, Buffer.from(data))).toString('base64url')}`
  }

  return {
    end,
    async placeOf(text) {
      const { lineage, cursor } = await end()
      const [, of, number] = /^([\w-]+)\.(\d{1,15})$/.exec(text ?? '') ?? []
      if (of !== lineage || Number(number) > cursor) return undefined
      return { lineage, cursor: Number(number) }
    },
    async after({ lineage, cursor: after }) {
      const { cursor } = await end()
      // A key that was revoked signs no document again, not one that was asked for before either.
      const of = `${textOf({ lineage, cursor })} ${ring.current(algorithm).kid}`
      if (signed.of !== of || now() >= signed.at + reusedSeconds || now() < signed.at)
        signed = { of, at: now(), after: new Map() }
      const { after: known } = signed
      const found = known.get(after) ?? written(after)
      known.set(after, found)
      // What could not be signed is tried anew by whoever comes next.
      found.catch(() => known.delete(after))
      return found
    },
  }
}

const never = Number.NEGATIVE_INFINITY

const textOf = ({ lineage, cursor }: Place): string => `${lineage}.${cursor}`

/** Digest, end, and the time where there is one. An end that is too far would merely be kept longer. */
function entryOf(issuer: string, { kind, value, endsAt, before }: KeptSentence): (string | number)[] {
  const about = hash('sha256', `${issuer}\n${kind}\n${value}`, 'buffer').subarray(0, 16).toString('base64url')
  return [about, endsAt, ...(before === undefined ? [] : [before])]
}
