/** A process that writes as fast as it can, says what was acknowledged, and never ends by itself. */
import { writeSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { openDurable } from '../../src/store/sqlite.ts'

const store = openDurable({ file: process.argv[2]!, now: systemClock })
const expiresAt = systemClock() + 3600

async function write(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const id = `${lane}-${turn}`
    await store.artifacts.put({ model: 'RefreshToken', id, payload: 'sealed', expiresAt })
    if (turn % 3 === 0) await store.artifacts.consume('RefreshToken', id)
    // Synchronous, and whole lines: what is read at the other end was acknowledged.
    writeSync(1, `${id}\n`)
  }
}

await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write))
