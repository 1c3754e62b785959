/** Start to first 200, and memory at rest, beside a bare oidc-provider script. Set-up (packages, keys) is done before; rounds alternate. */
import { setTimeout as wait } from 'node:timers/promises'
import { type Contender, install, startBare, startSignet } from './servers.ts'
import { median, type Row, row } from './table.ts'

const rounds = 9

export async function benchStart(): Promise<Row[]> {
  const installation = install()
  const times = { signet: [] as number[], bare: [] as number[] }
  const memory = { signet: [] as number[], bare: [] as number[] }
  const run = async (contender: Contender) => {
    await wait(1_500)
    times[contender.name].push(contender.startMilliseconds)
    memory[contender.name].push(contender.residentMegabytes())
    await contender.stop()
  }
  // The first round fills the compile cache and the page cache, and counts for nothing.
  await (await startSignet(installation)).stop()
  await (await startBare()).stop()
  try {
    for (let round = 0; round < rounds; round++) {
      await run(await startSignet(installation))
      await run(await startBare())
    }
  } finally {
    installation.remove()
  }
  return [
    row('start to first 200 (ms)', median(times.signet), median(times.bare), 'bare oidc-provider', 'at most 1.6'),
    row('memory at rest (MB)', median(memory.signet), median(memory.bare), 'bare oidc-provider', 'at most 1.3'),
  ]
}
