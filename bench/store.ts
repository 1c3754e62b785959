/**
 * What sharing a commit is worth: durable upserts, many at once (one commit for all of a tick) against one after the other (a commit
 * each), on the same disk in the same run. Trust the ratio; the figures are this machine's. `node bench/store.ts [folder]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { openDurable } from '../src/store/sqlite.ts'

const ROUNDS = 5
const ALONE = 2_000
const TOGETHER = 20_000
const IN_FLIGHT = 200

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'signet-bench-'))
const store = openDurable({ file: join(folder, 'signet.sqlite'), now: systemClock })
const payload = 'p'.repeat(700)

function put(id: number): Promise<void> {
  const expiresAt = systemClock() + 3600
  return store.artifacts.put({
    model: 'RefreshToken',
    id: `${id}`,
    payload,
    expiresAt,
    grant: `${id % 1000}`,
    account: `${id % 500}`,
  })
}

async function perSecond(count: number, inFlight: number): Promise<number> {
  const start = process.hrtime.bigint()
  let next = 0
  const lane = async () => {
    while (next < count) await put(next++)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return count / (Number(process.hrtime.bigint() - start) / 1e9)
}

function median(figures: number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)]!
}

await perSecond(TOGETHER, IN_FLIGHT)
const alone: number[] = []
const together: number[] = []
// By turns, so that both see the same moods of the disk.
for (let round = 0; round < ROUNDS; round++) {
  alone.push(await perSecond(ALONE, 1))
  together.push(await perSecond(TOGETHER, IN_FLIGHT))
}
store.close()
rmSync(folder, { recursive: true })

console.log(`one commit each        ${Math.round(median(alone))} upserts/s`)
console.log(`one commit for a tick  ${Math.round(median(together))} upserts/s (${IN_FLIGHT} in flight)`)
console.log(`ratio                  ${(median(together) / median(alone)).toFixed(1)}`)
