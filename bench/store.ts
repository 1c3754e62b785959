/**
 * What sharing a commit is worth: durable upserts, many at once (one commit for all of a tick) against one after the other (a commit
 * each), on the same disk in the same run. Trust the ratio; the figures are this machine's.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { type DurableRoles, openDurable } from '../src/store/sqlite.ts'
import { progress } from './progress.ts'
import { median, type Row, row } from './table.ts'

const ROUNDS = 5
const ALONE = 2_000
const TOGETHER = 20_000
const IN_FLIGHT = 200

const payload = 'p'.repeat(700)

export async function benchStore(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  const store = openDurable({ file: join(folder, 'signet.sqlite'), now: systemClock })
  const alone: number[] = []
  const together: number[] = []
  try {
    await perSecond(store, TOGETHER, IN_FLIGHT)
    // By turns, so that both see the same moods of the disk.
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await perSecond(store, ALONE, 1))
      together.push(await perSecond(store, TOGETHER, IN_FLIGHT))
      progress('store', round + 1, ROUNDS)
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
