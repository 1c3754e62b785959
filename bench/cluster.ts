/**
 * Two workers beside one, at the token endpoint, a core for each: processes of the same installation, each warm, by turns. One that is not held
 * to its core signs on threads on the other as well. On a machine of two cores the load takes its part of both, but of the one worker's only when
 * its own is full: so the ratio is less than a machine with a core for the load would show.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { progressOf } from '../test/support/progress.ts'
import { lightLoad } from './load.ts'
import { type Contender, install, startSignet } from './servers.ts'
import { type Row, row } from './table.ts'

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
      const contender = await startSignet({ ...installation, env })
      running.push(contender)
      const pid = contender.process.pid as number
      for (const [core, worker] of (workers === 1 ? [pid] : childrenOf(pid)).entries()) pin(worker, core)
    }
    for (const contender of running) await lightLoad(contender, warmUpSeconds)
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      for (const at of round % 2 ? [1, 0] : [0, 1]) sums[at]! += await lightLoad(running[at] as Contender, secondsPerRound)
      progress(round + 1)
    }
  } finally {
    for (const contender of running) await contender.stop()
    installation.remove()
  }
  const [one, two] = sums.map((sum) => sum / (rounds * secondsPerRound)) as [number, number]
  return [row('token endpoint, two workers (per s)', two, one, 'one worker', 'at least 1.8')]
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)], { stdio: 'ignore' })
}
