/** What an operation of the store takes at a thousand grants, and at ten, a hundred and a thousand times as many. Each size is a database of its own; rounds alternate. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { type DurableRoles, openDurable } from '../src/store/sqlite.ts'
import type { Artifact } from '../src/store/store.ts'
import { progressOf } from '../test/support/progress.ts'
import { median, type Row, row } from './table.ts'

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const rounds = 30
const operationsPerRound = 50
const inFlight = 2_000
const payload = 'p'.repeat(300)

export async function benchGrowth(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-bench-'))
  const stores: DurableRoles[] = []
  const times = sizes.map(() => [] as number[])
  try {
    for (const size of sizes) {
      const store = openDurable({ file: path.join(folder, `${size}.sqlite`), now: systemClock })
      stores.push(store)
      await seed(store, size)
    }
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      for (const [at, store] of stores.entries()) times[at]!.push(await timed(store, sizes[at] as number, round))
      progress(round + 1)
    }
  } finally {
    for (const store of stores) store.close()
    rmSync(folder, { recursive: true })
  }
  const [least, ...more] = times.map(median) as [number, ...number[]]
  return more.map((time, at) =>
    row(`an operation at ${sizes[at + 1]} grants (µs)`, time, least, `at ${sizes[0]} grants`, 'at most 1.3'),
  )
}

/** A grant and its family of refresh tokens. */
function rowsOf(number: number): Artifact[] {
  const bond = { grant: `g${number}`, account: `a${number % 1_000}`, client: `c${number % 50}`, payload, version: 0 }
  const expiresAt = systemClock() + 86_400 + (number % 86_400)
  return [
    { ...bond, model: 'Grant', id: `g${number}`, expiresAt },
    { ...bond, model: 'RefreshToken', id: `r${number}`, expiresAt },
  ]
}

async function seed({ artifacts }: DurableRoles, size: number): Promise<void> {
  const progress = progressOf('grants', size)
  for (let from = 0; from < size; from += inFlight) {
    const numbers = Array.from({ length: Math.min(inFlight, size - from) }, (_, at) => from + at)
    await Promise.all(numbers.flatMap(rowsOf).map((one) => artifacts.put(one)))
    progress(from + numbers.length)
  }
}

/** What a sign-in, a refresh and a revocation ask of the store, together in flight as under load. @returns microseconds for each */
async function timed({ artifacts }: DurableRoles, size: number, round: number): Promise<number> {
  const begun = process.hrtime.bigint()
  const one = async (at: number) => {
    const number = (round * 7_919 + at * 104_729) % size
    const [, family] = rowsOf(number) as [Artifact, Artifact]
    const found = await artifacts.find('RefreshToken', family.id)
    const version = found?.version ?? 0
    await artifacts.replace({ ...family, version: version + 1 }, version)
    const fresh = size + round * operationsPerRound + at
    for (const made of rowsOf(fresh)) await artifacts.put(made)
    await artifacts.removeBound({ grant: `g${fresh}` })
  }
  await Promise.all(Array.from({ length: operationsPerRound }, (_, at) => one(at)))
  return Number(process.hrtime.bigint() - begun) / 1_000 / (operationsPerRound * 5)
}
