/** Who says the list: the server's own documents over a database of sentences, or made-up ones of any length. */
import { randomBytes, sign } from 'node:crypto'
import { statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'
import { digest } from '../../src/crypto/derive.ts'
import { createDocuments, type Documents } from '../../src/oauth/revocations/document.ts'
import { openDurable } from '../../src/store/sqlite.ts'
import type { Sentence } from '../../src/store/store.ts'
import { type BenchKey, endedAt, signed } from './world.ts'

/** Gives the document that follows on a cursor. */
export type Page = (after: string | undefined) => Promise<string | Buffer>

export interface Site {
  issuer: string
  close(): void
}

/** Serves pages until it is closed. Whoever waits waits for good: nothing is new. */
export async function serve(pagesOf: (issuer: string) => Page): Promise<Site> {
  let page: Page | undefined
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url as string, 'http://localhost')
    void page?.(searchParams.get('after') ?? undefined).then(
      (text) => response.end(text),
      (error) => response.destroy(error),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  page = pagesOf(issuer)
  return {
    issuer,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
const never = new Promise<never>(() => {})
const perDocument = 10_000

/** As long as a list of so many sentences, without a database behind it. */
export function madeUpPages(key: BenchKey, sentences: number): (issuer: string) => Page {
  return (iss) => async (after) => {
    const done = Number(after?.split('.')[1] ?? 0)
    if (after !== undefined && done >= sentences) return never
    const now = systemClock()
    const count = Math.min(perDocument, sentences - done)
    const bytes = randomBytes(count * 16)
    const entries = Array.from({ length: count }, (_, at) => [
      bytes.toString('base64url', at * 16, at * 16 + 16),
      now + 600 + (at % 600),
    ])
    const more = done + count < sentences && { more: true }
    return signed(key, 'revocations+jwt', {
      iss,
      iat: now,
      exp: now + 60,
      lineage: 'a',
      from: done,
      cursor: `a.${done + count}`,
      ...more,
      entries,
    })
  }
}

export interface ServerSide {
  documents: Documents
  page: Page
  counts: { signed: number; reads: number }
  addMicroseconds: { first: number; last: number }
  bytesOnDisk: number
  close(): void
}

const inFlight = 1_000

/** The server's own documents, from a file of SQLite to which every sentence was added. */
export async function databaseOf(file: string, issuer: string, key: BenchKey, sentences: number): Promise<ServerSide> {
  const store = openDurable({ file, now: systemClock })
  await store.revocations.begin({ id: 'bench', longestSeconds: 900 })
  const now = systemClock()
  const times: number[] = []
  for (let from = 0; from < sentences; from += inFlight) {
    const added: Sentence[] = Array.from({ length: inFlight }, (_, at) => {
      const { kind, value } = endedAt(from + at, issuer, now)
      return { kind, value: digest(value), endsAt: now + 1_200, ...(kind === 'subject' && { before: now + 3_600 }) }
    })
    const begun = process.hrtime.bigint()
    await Promise.all(added.map((one) => store.revocations.add([one])))
    times.push(Number(process.hrtime.bigint() - begun) / 1_000 / inFlight)
  }
  const counts = { signed: 0, reads: 0 }
  const documents = createDocuments({
    issuer,
    now: systemClock,
    store: counted(store, () => counts.reads++),
    ring: { current: () => ({ kid: key.jwk.kid }) as never },
    signatures: {
      async by(_key, data) {
        counts.signed++
        return sign('sha256', data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
      },
    },
  })
  const tenth = Math.max(1, Math.floor(times.length / 10))
  const mean = (some: number[]) => some.reduce((sum, one) => sum + one, 0) / some.length
  return {
    documents,
    async page(after) {
      const place = await documents.placeOf(after)
      const end = await documents.end()
      if (place && place.cursor >= end.cursor) return never
      return documents.after(place ?? { ...end, cursor: 0 })
    },
    counts,
    addMicroseconds: { first: mean(times.slice(0, tenth)), last: mean(times.slice(-tenth)) },
    bytesOnDisk: statSync(file).size,
    close: () => store.close(),
  }
}

/** The same store, its reads counted. */
function counted<T extends object>(roles: T, count: () => void): T {
  const wrap = (role: object): object =>
    new Proxy(role, {
      get(target, name) {
        const member = Reflect.get(target, name)
        if (typeof member === 'object' && member !== null) return wrap(member)
        if (typeof member !== 'function') return member
        return (...given: unknown[]) => {
          count()
          return member.apply(target, given)
        }
      },
    })
  return wrap(roles) as T
}
