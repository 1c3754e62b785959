/**
 * `kill -9` at a random moment, again and again, under sign-ins, refreshes, revocations, sign-outs, API keys, commands beside the server and keys that
 * rotate; after each restart, whether all that was answered for is there. What this cannot show is that the disk had it, since the page cache
 * outlives a process: for that see `test/flows/sync-order.test.ts`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { chanceOf } from '../chance.ts'
import type { StartOptions } from '../installation.ts'
import { everybody, signsIn } from './actors.ts'
import { check } from './checks.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { ageKeys, createWorld } from './world.ts'

export interface RoundsOptions extends StartOptions {
  rounds: number
  seed: number
  /** Told after each round. */
  progress?: (round: number) => void
}

export interface Report {
  seed: number
  rounds: number
  /** What clients were told and was not so after the restart. */
  lost: string[]
  /** Refusals of a running server. */
  faults: string[]
  counts: Ledger['counts']
  /** Things looked at after restarts. */
  looked: number
  /** How many kills hit a server that was not listening yet. */
  killedWhileStarting: number
  /** From start to first 200, after a kill. */
  restarts: number[]
  /** How many signing keys were published, all rounds together. */
  keys: number
}

/** Less than a key is kept after it signed, so that what a killed server signed verifies after the restart. */
const agesBySeconds = 800

export async function killRounds({ rounds, seed, progress = () => {}, ...start }: RoundsOptions): Promise<Report> {
  const chance = chanceOf(seed)
  const world = await createWorld()
  const ledger = createLedger()
  const { installation } = world
  const report = { seed, rounds, lost: [] as string[], looked: 0, killedWhileStarting: 0, restarts: [] as number[] }
  try {
    // What a killed server never writes: its compile cache.
    await (await installation.start()).stop()
    for (let round = 0; round <= rounds; round++) {
      ageKeys(installation, agesBySeconds)
      if (round > 0 && chance.next() < 0.15) {
        const early = installation.spawn(start)
        const gone = new Promise((resolve) => early.once('exit', resolve))
        await wait(chance.between(50, 400))
        early.kill('SIGKILL')
        await gone
        report.killedWhileStarting++
      }
      const server = await installation.start(start)
      const page = ledger.turn()
      if (round > 0) {
        report.restarts.push(server.startMilliseconds)
        const { lost, looked } = await check(world, ledger, page, chance)
        report.lost.push(...lost.map((what) => `round ${round}: ${what}`))
        report.looked += looked
      }
      if (round === rounds) {
        await server.stop()
        break
      }
      while (ledger.living.size < 10) await signsIn({ world, ledger, chance })
      let isOver = false
      const all = everybody({ world, ledger, chance, isOver: () => isOver })
      await wait(chance.between(50, 500))
      isOver = true
      await server.kill()
      await all
      progress(round + 1)
    }
  } finally {
    installation.remove()
  }
  return { ...report, faults: ledger.faults, counts: ledger.counts, keys: ledger.kids.size }
}
