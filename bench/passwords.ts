/**
 * What hashing passwords costs others: the token endpoint alone, and while eight sign-ins hash at every moment. And whether the time of a no
 * tells that somebody is known (L07).
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { progressOf } from '../test/support/progress.ts'
import { lightLoad } from './load.ts'
import { type Lanes, refuserOf } from './password-lanes.ts'
import { type Contender, install, startSignet } from './servers.ts'
import { median, type Row, row } from './table.ts'

const rounds = 5
const secondsPerRound = 3
const warmUpSeconds = 8
/** Until the lanes run. */
const settleMilliseconds = 1_000
const attempts = 2_000

export async function benchPasswords(): Promise<Row[]> {
  const installation = install({ withPeople: true })
  const signet = await startSignet(installation)
  try {
    await lightLoad(signet, warmUpSeconds)
    const beside = { nothing: 0, wrong: 0, right: 0 }
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      const order = ['nothing', 'wrong', 'right'] as const
      for (const kind of round % 2 ? order.toReversed() : order) beside[kind] += await tokensBeside(signet, kind)
      progress(round + 1)
    }
    const seconds = rounds * secondsPerRound
    const { unknown, known } = await refusals(signet)
    return [
      row(
        'tokens while 8 passwords are refused (per s)',
        beside.wrong / seconds,
        beside.nothing / seconds,
        'tokens alone',
        'at least 0.6',
      ),
      row(
        'tokens while 8 people sign in (per s)',
        beside.right / seconds,
        beside.nothing / seconds,
        'tokens alone',
        'at least 0.6',
      ),
      row('a no to an unknown person (ms, median)', unknown, known, 'to a known one', '0.98 to 1.02'),
    ]
  } finally {
    await signet.stop()
    installation.remove()
  }
}

/** @returns how many tokens were issued while eight at every moment did that */
async function tokensBeside(signet: Contender, kind: 'nothing' | Lanes['kind']): Promise<number> {
  if (kind === 'nothing') return lightLoad(signet, secondsPerRound)
  const lanes = new Worker(new URL('./password-lanes.ts', import.meta.url), {
    workerData: { url: signet.url, kind } satisfies Lanes,
  })
  const failed = once(lanes, 'error').then(([cause]) => {
    throw cause
  })
  await Promise.race([wait(settleMilliseconds), failed])
  const tokens = await Promise.race([lightLoad(signet, secondsPerRound), failed])
  await lanes.terminate()
  return tokens
}

/** One after the other, taking turns. @returns milliseconds, the medians */
async function refusals(signet: Contender): Promise<{ unknown: number; known: number }> {
  const refuse = await refuserOf(signet.url)
  const times = { unknown: [] as number[], known: [] as number[] }
  const attempt = async (kind: keyof typeof times) => {
    const email = kind === 'known' ? 'ada@example.com' : 'eve@example.com'
    const begun = performance.now()
    await refuse(email)
    times[kind].push(performance.now() - begun)
  }
  const progress = progressOf('refusals', attempts)
  for (let n = 0; n < attempts; n++) {
    for (const kind of n % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) await attempt(kind)
    progress(n + 1)
  }
  return { unknown: median(times.unknown), known: median(times.known) }
}
