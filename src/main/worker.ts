/** One worker of a cluster: the server as it is, told by the primary what to start with. */
import cluster from 'node:cluster'
import { Refusal } from '../base/errors.ts'
import { createLog, logWith } from '../base/log.ts'
import { type RunningServer, startServer } from '../main.ts'
import type { Order, Report, Start } from './orders.ts'
import { graceMilliseconds, untilAskedToStop } from './signals.ts'

/** Serves until it is asked to stop. What keeps it from starting is the primary's to say. */
export async function runWorker(): Promise<void> {
  const asked = Promise.withResolvers<void>()
  void untilAskedToStop().then(asked.resolve)
  const told = Promise.withResolvers<Start>()
  const started = Promise.withResolvers<RunningServer>()
  process.on('message', (order: Order) => {
    if (order === 'stop') asked.resolve()
    else if ('start' in order) told.resolve(order.start)
    else void started.promise.then(({ takeUp }) => takeUp(order.takeUp))
  })
  report({ pid: process.pid })
  const { settings, worker, owner, first } = await told.promise
  const log = logWith({ worker }, createLog(settings.log))
  try {
    const server = await startServer(settings, { log, worker, owner, first })
    started.resolve(server)
    report('listening')
    await asked.promise
    await server.close(graceMilliseconds)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    process.exitCode = 1
    await new Promise<void>((sent) => report({ refused: cause.message }, sent))
  }
  // Nothing else keeps the process; leaving by itself writes the compile cache.
  cluster.worker?.disconnect()
}

function report(what: Report, sent = () => {}): void {
  process.send?.(what, undefined, undefined, sent)
}
