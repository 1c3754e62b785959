/** Two workers beside one, at the token endpoint: processes of the same installation, each warm, by turns. Where the load's own process takes a core of two, it is part of the figure. */
import { progressOf } from '../test/support/progress.ts'
import { type Contender, install, startSignet } from './servers.ts'
import { type Row, row } from './table.ts'
import { requests } from './token-endpoint.ts'

const warmUpSeconds = 8
const rounds = 5
const secondsPerRound = 3

export async function benchCluster(): Promise<Row[]> {
  const installation = install()
  const running: Contender[] = []
  const sums = [0, 0]
  try {
    for (const workers of [1, 2]) {
      const env = { ...installation.env, BENCH_WORKERS: String(workers) }
      running.push(await startSignet({ ...installation, env }))
    }
    for (const contender of running) await requests(contender, warmUpSeconds)
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      for (const at of round % 2 ? [1, 0] : [0, 1]) sums[at]! += await requests(running[at] as Contender, secondsPerRound)
      progress(round + 1)
    }
  } finally {
    for (const contender of running) await contender.stop()
    installation.remove()
  }
  const [one, two] = sums.map((sum) => sum / (rounds * secondsPerRound)) as [number, number]
  return [row('token endpoint, two workers (per s)', two, one, 'one worker', 'at least 1.8')]
}
