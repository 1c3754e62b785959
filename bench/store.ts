/**
 * What sharing a commit is worth: durable upserts, many at once (one commit for all of a tick) against one after the other (a commit
 * each), on the same disk in the same run. Trust the ratio; the figures are this machine's.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { type DurableRoles, openDurable } from '../src/store/sqlite.ts'
import { progressOf } from '../test/support/progress.ts'
import { median, type Row, row } from './table.ts'

const rounds = 5
const writesAlone = 2_000
const writesTogether = 20_000
const mostInFlight = 200

const payload = 'p'.repeat(700)

export async function benchStore(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  const store = openDurable({ file: join(folder, 'signet.sqlite'), now: systemClock })
  const alone: number[] = []
  const together: number[] = []
  try {
    await perSecond(store, writesTogether, mostInFlight)
    // By turns, so that both see the same moods of the disk.
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      alone.push(await perSecond(store, writesAlone, 1))
      together.push(await perSecond(store, writesTogether, mostInFlight))
      progress(round + 1)
    }
  } finally {
    store.close()
    rmSync(folder, { recursive: true })
  }
  return [row('durable upserts, 200 in flight (per s)', median(together), median(alone), 'one commit each', 'at least 3')]
}

function put({ artifacts }: DurableRoles, id: number): Promise<void> {
  const expiresAt = systemClock() + 3600
  const bond = { grant: `${id % 1000}`, account: `${id % 500}` }
  return artifacts.put({ model: 'RefreshToken', id: `${id}`, payload, expiresAt, ...bond })
}

async function perSecond(store: DurableRoles, count: number, inFlight: number): Promise<number> {
  const start = process.hrtime.bigint()
  let next = 0
  const lane = async () => {
    while (next < count) await put(store, next++)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return count / (Number(process.hrtime.bigint() - start) / 1e9)
}
