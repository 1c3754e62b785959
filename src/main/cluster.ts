/**
 * The primary of a cluster. It opens nothing but workers, no database and no key, begins a worker anew that ended, and hands on the wish to stop. The first worker starts alone: what a start makes (keys, tables) and what it can be refused
 * for is then settled once.
 *
 * Connections are handed out by turns, which is even, as the kernel's choice is not. A worker that is killed breaks off its requests, and
 * one connection at most that was just being handed to it is never answered: Node does not take it back.
 */
import cluster, { type Worker } from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Settings } from '../settings/load.ts'
import type { Order, Report } from './orders.ts'
import { createPauses } from './pauses.ts'

/** A worker waits ten seconds for its requests; what is not gone after twice that does not listen. */
const patienceMilliseconds = 20_000

export const workersOf = ({ cluster: { workers } }: Settings): number => (workers === 'auto' ? availableParallelism() : workers)

interface Place {
  worker: Worker
  pid?: number
  /** Of what it owes: its own, and those whose debts it took up. */
  owners: string[]
  listening: boolean
}

export interface Cluster {
  /** Resolves when every worker has ended, after `stop`: with whether all of them ended well. */
  ended: Promise<boolean>
  stop(): void
}

/** Resolves when all workers serve. @throws Refusal with the sentence of the worker that could not start; then none is left */
export async function startCluster(settings: Settings, { log, now }: { log: Log; now: Clock }): Promise<Cluster> {
  const places = new Map<number, Place>()
  const pauses = createPauses(now)
  const ended = Promise.withResolvers<boolean>()
  /** Of workers that are gone while nobody listens. */
  const orphaned: string[] = []
  let stopping = false
  let well = true

  /** Resolves when it listens. @throws Refusal when it ends before */
  function begin(number: number, first: boolean): Promise<void> {
    const owner = randomUUID()
    const worker = cluster.fork()
    const place: Place = { worker, owners: [owner], listening: false }
    places.set(number, place)
    const started = Promise.withResolvers<void>()
    let refusal = `Worker ${number} could not start.`
    worker.on('message', (report: Report) => {
      if (report === 'listening') {
        place.listening = true
        log.info('worker.listening', { worker: number, pid: place.pid })
        if (orphaned.length > 0) bequeath(orphaned.splice(0))
        started.resolve()
      } else if ('pid' in report) place.pid = report.pid
      else refusal = report.refused
    })
    worker.once('exit', (status, signal) => {
      places.delete(number)
      started.reject(new Refusal('worker_ended', refusal))
      if (stopping) well &&= status === 0
      else if (place.listening) bequeath(place.owners)
      if (stopping && places.size === 0) ended.resolve(well)
      // One that did not even start is the business of whoever began it.
      if (!stopping && place.listening) again(number, { status, signal })
    })
    tell(worker, { start: { settings, worker: number, owner, first } })
    return started.promise
  }

  /** A worker ended that had served: another takes its place, at once the first time and later each time after. */
  function again(number: number, fields: object): void {
    const pause = pauses.next(number)
    log.error('worker.ended', { worker: number, ...fields, againInMilliseconds: pause })
    setTimeout(() => {
      if (!stopping) begin(number, false).catch((cause: Error) => again(number, { reason: cause.message }))
    }, pause)
  }

  /** Somebody who lives does what these still had to. */
  function bequeath(owners: string[]): void {
    const heir = [...places.values()].find(({ listening }) => listening)
    if (!heir) {
      orphaned.push(...owners)
      return
    }
    heir.owners.push(...owners)
    tell(heir.worker, { takeUp: owners })
  }

  function stop(): void {
    if (stopping) return
    stopping = true
    if (places.size === 0) ended.resolve(well)
    for (const { worker } of places.values()) tell(worker, 'stop')
    setTimeout(() => {
      for (const { pid } of places.values()) if (pid !== undefined) process.kill(pid, 'SIGKILL')
    }, patienceMilliseconds).unref()
  }

  try {
    await begin(1, true)
    const others = Array.from({ length: workersOf(settings) - 1 }, (_, at) => begin(at + 2, false))
    await Promise.all(others)
  } catch (cause) {
    stop()
    await ended.promise
    throw cause
  }
  return { ended: ended.promise, stop }
}

/** One that is just ending hears nothing more, and its end is dealt with elsewhere. */
function tell(worker: Worker, order: Order): void {
  worker.send(order, undefined, () => {})
}
