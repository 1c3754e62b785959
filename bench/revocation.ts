/**
 * Ten million tokens that live, one in a hundred of them ended: what the list weighs, what an API that follows it pays, and what the server does for
 * its readers. `node bench/revocation.ts`. The API is a process of its own, beside one that reads an empty list.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { databaseOf, madeUpPages, type ServerSide, serve } from './revocation/issuer.ts'
import type { Answer, Question } from './revocation/reader.ts'
import { type BenchKey, liveTokens, makeKey, revokedOneIn } from './revocation/world.ts'
import { printRows, type Row, row } from './table.ts'

const sentences = liveTokens / revokedOneIn
const longer = [1_000_000, 10_000_000]
const readers = 1_000
const megabyte = 2 ** 20

export async function benchRevocation(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-bench-'))
  const key = makeKey('list')
  let server: ServerSide | undefined
  const site = await serve((issuer) => {
    const made = databaseOf(path.join(folder, 'list.sqlite'), issuer, key, sentences)
    return async (after) => {
      server = await made
      return server.page(after)
    }
  })
  try {
    const pages = await pagesOf(`${site.issuer}/revocations`)
    const said = server as unknown as ServerSide
    const none = await answerOf(key, madeUpPages(key, 0))
    const whole = await answerAt(site.issuer, key, true)
    return [
      ...weightRows(pages, said),
      ...(await serverRows(said)),
      ...readerRows(whole, none),
      ...(await growthRows(key, none, whole)),
    ]
  } finally {
    site.close()
    server?.close()
    rmSync(folder, { recursive: true })
  }
}

/** All documents of a list, as a reader gets them. */
async function pagesOf(uri: string): Promise<string[]> {
  const pages: string[] = []
  for (let cursor: string | undefined; ; ) {
    const text = await (await fetch(cursor === undefined ? uri : `${uri}?after=${cursor}`)).text()
    pages.push(text)
    const { cursor: next, more } = JSON.parse(Buffer.from(text.split('.')[1] as string, 'base64url').toString())
    if (!more) return pages
    cursor = next
  }
}

function weightRows(pages: readonly string[], { addMicroseconds, bytesOnDisk }: ServerSide): Row[] {
  const bytes = pages.reduce((sum, page) => sum + page.length, 0)
  const packed = pages.reduce((sum, page) => sum + gzipSync(page).length, 0)
  const of = `of ${sentences} sentences`
  return [
    row(`the list ${of} (bytes a sentence)`, bytes / sentences, 16, 'its digest', ''),
    row(`the list ${of}, gzip (MB)`, packed / megabyte, bytes / megabyte, 'as it is', ''),
    row('the database (bytes a sentence)', bytesOnDisk / sentences, bytes / sentences, 'the list', ''),
    row('a sentence added, the last tenth (µs)', addMicroseconds.last, addMicroseconds.first, 'the first tenth', 'at most 1.3'),
  ]
}

/** Readers come at once, all from the beginning, each from one document to the next. */
async function serverRows({ page, counts }: ServerSide): Promise<Row[]> {
  const read = async () => {
    let documents = 0
    for (let cursor: string | undefined; ; ) {
      const text = String(await page(cursor))
      documents++
      const { cursor: next, more } = JSON.parse(Buffer.from(text.split('.')[1] as string, 'base64url').toString())
      if (!more) return documents
      cursor = next
    }
  }
  Object.assign(counts, { signed: 0, reads: 0 })
  const documents = (await Promise.all(Array.from({ length: readers }, read))).reduce((sum, one) => sum + one, 0)
  return [
    row(`signatures, the whole list to ${readers} readers`, counts.signed, documents, 'documents sent', 'none for a reader'),
    row(`questions to the database, the same`, counts.reads, documents, 'documents sent', 'far below 1'),
  ]
}

function readerRows(whole: Answer, none: Answer): Row[] {
  const { refused, wronglyJudged, fresh, known } = whole.judged as NonNullable<Answer['judged']>
  const under = 'under 1 µs'
  return [
    row('tokens refused of ten million, each asked', refused, sentences, 'tokens that ended', 'exactly 1'),
    row('tokens judged wrongly', wronglyJudged, liveTokens, 'tokens that live', '0'),
    row('an API’s heap with the list (MB more)', whole.heapMegabytes, none.heapMegabytes, 'with an empty one', ''),
    row('an API’s memory with the list (MB more)', whole.residentMegabytes, none.residentMegabytes, 'with an empty one', ''),
    row('reading the list (ms of processor)', whole.readSeconds * 1_000, none.readSeconds * 1_000, 'an empty one', ''),
    row('added to a known token, nothing new (µs)', known.unchanged, known.plain, 'plain verification', under),
    row('added to a known token, not on it (µs)', known.miss, known.plain, 'plain verification', under),
    row('added to a known token, on it (µs)', known.hit, known.plain, 'plain verification', under),
    row('a known token, following the list (µs)', known.following, known.plain, 'plain verification', ''),
    row('added to a fresh token of people seen (µs)', fresh.seen, fresh.plain, 'plain verification', under),
    row('added to a fresh token of people unseen (µs)', fresh.unseen, fresh.plain, 'plain verification', under),
  ]
}

async function growthRows(key: BenchKey, none: Answer, whole: Answer): Promise<Row[]> {
  const bytesEach = ({ entries, residentMegabytes }: Answer) =>
    ((residentMegabytes - none.residentMegabytes) * megabyte) / entries
  const rows: Row[] = []
  for (const count of longer) {
    const answer = await answerOf(key, madeUpPages(key, count))
    if (answer.entries !== count) throw new Error(`${answer.entries} of ${count} sentences were read`)
    rows.push(
      row(`memory at ${count} sentences (MB more)`, answer.residentMegabytes, whole.residentMegabytes, `at ${sentences}`, ''),
      row(`the same (bytes a sentence)`, bytesEach(answer), bytesEach(whole), `at ${sentences}`, ''),
      row(
        `reading ${count} sentences (ms of processor)`,
        answer.readSeconds * 1_000,
        whole.readSeconds * 1_000,
        `${sentences}`,
        '',
      ),
    )
  }
  return rows
}

async function answerOf(key: BenchKey, pages: ReturnType<typeof madeUpPages>): Promise<Answer> {
  const site = await serve(pages)
  try {
    return await answerAt(site.issuer, key, false)
  } finally {
    site.close()
  }
}

async function answerAt(issuer: string, { jwk }: BenchKey, judges: boolean): Promise<Answer> {
  const question: Question = { issuer, jwk, judges }
  const args = ['--expose-gc', path.join(import.meta.dirname, 'revocation/reader.ts'), JSON.stringify(question)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

if (import.meta.main) {
  printRows(await benchRevocation())
  process.exit(0)
}
