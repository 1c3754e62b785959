/** The list of revocations as others read it, signed (docs/revocation.md). It says that something ended, and not whose. */
import { hash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { KeyRing } from '../../crypto/keyring.ts'
import type { KeptSentence, Store } from '../../store/store.ts'
import { everything } from '../../tokens/revocation.ts'
import type { Signatures } from '../signatures.ts'
import { beginningOf, createPages, endOfFull, mostEntries, type Page } from './pages.ts'

const revocationsType = 'revocations+jwt'
/** How long a document counts as fresh. */
export const freshSeconds = 60
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
  /** Where the list ends now: one look for all who ask while it is under way. */
  end(): Promise<Place>
  /** @returns undefined for what is no place in this list: whoever asks with it is told all of it */
  placeOf(text: string | undefined): Promise<Place | undefined>
  /** What came after that, and maybe some of what came before; the same bytes for all who ask for the same. */
  after(place: Place): Promise<Buffer>
}

export function createDocuments({ issuer, store, ring, signatures, now }: DocumentParts): Documents {
  const pages = createPages(written, now)
  let looking: Promise<Place> | undefined

  async function life(): Promise<{ lineage: string; beganAt?: number }> {
    const restored = await store.lineage.current()
    const list = await store.revocations.list()
    if (!list) throw new TypeError('the list of revocations was not begun')
    return restored ? { lineage: restored.id, beganAt: restored.beganAt } : { lineage: list.id }
  }

  async function look(): Promise<Place> {
    const { lineage } = await life()
    return { lineage, cursor: await store.revocations.cursor() }
  }

  function end(): Promise<Place> {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function written(from: number): Promise<Page> {
    const { lineage, beganAt = never } = await life()
    const [said] = await store.revocations.find([everything])
    const before = Math.max(beganAt, said?.before ?? never)
    const read = await store.revocations.cursor()
    const found = await store.revocations.after(from, mostEntries + 1)
    const isWhole = found.length <= mostEntries
    const last = (isWhole ? found.at(-1) : found.at(-2))?.cursor ?? 0
    // Those whose end is over are left out, the newest too: the end of the list is what was read before them.
    const cursor = isWhole ? Math.max(read, last) : endOfFull(last)
    const sentences = found.filter((sentence) => sentence.cursor <= cursor && sentence.kind !== everything.kind)
    const at = now()
    const key = ring.current(algorithm)
    const header = { alg: algorithm, typ: revocationsType, kid: key.kid }
    const payload = {
      iss: issuer,
      iat: at,
      exp: at + freshSeconds,
      lineage,
      from,
      cursor: textOf({ lineage, cursor }),
      ...(before !== never && { before }),
      ...(!isWhole && { more: true }),
      entries: sentences.map((sentence) => entryOf(issuer, sentence)),
    }
    const data = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = await signatures.by(key, Buffer.from(data))
    return { text: Buffer.from(`${data}.${signature.toString('base64url')}`), isWhole }
  }

  return {
    end,
    async placeOf(text) {
      const [, of, number] = /^([\w-]+)\.(\d{1,15})$/.exec(text ?? '') ?? []
      if (number === undefined) return undefined
      let newest = await end()
      // That look may have begun before what this reader has read already, from another process.
      if (of === newest.lineage && Number(number) > newest.cursor) newest = await end()
      if (of !== newest.lineage || Number(number) > newest.cursor) return undefined
      return { lineage: newest.lineage, cursor: Number(number) }
    },
    async after({ cursor }) {
      const { lineage, cursor: newest } = await end()
      // A key that was revoked signs no document again, not one that was asked for before either.
      const life = `${lineage} ${ring.current(algorithm).kid}`
      return (await pages.page(life, beginningOf(Math.min(cursor, newest), newest), newest)).text
    },
  }
}

const never = Number.NEGATIVE_INFINITY

const textOf = ({ lineage, cursor }: Place): string => `${lineage}.${cursor}`

/** Digest, end, and the time where there is one. An end that is too far would merely be kept longer. */
function entryOf(issuer: string, { kind, value, endsAt, before }: KeptSentence): (string | number)[] {
  const about = Buffer.from(hash('sha256', `${issuer}\n${kind}\n${value}`, 'latin1').slice(0, 16), 'latin1').toString('base64url')
  return [about, endsAt, ...(before === undefined ? [] : [before])]
}
