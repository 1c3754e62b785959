import cluster from 'node:cluster'
import { systemClock } from '../base/clock.ts'
import { createLog } from '../base/log.ts'
import { graceMilliseconds, untilAskedToStop } from '../main/signals.ts'
import { loadSettings, type Settings } from '../settings/load.ts'

/** Runs until SIGTERM or SIGINT, then finishes what is under way. A clean exit also writes the compile cache. */
export async function serve(): Promise<void> {
  if (cluster.isWorker) return (await import('../main/worker.ts')).runWorker()
  const asked = untilAskedToStop()
  const settings = loadSettings()
  return settings.cluster.workers === 1 ? serveAlone(settings, asked) : serveTogether(settings, asked)
}

async function serveAlone(settings: Settings, asked: Promise<void>): Promise<void> {
  const { startServer } = await import('../main.ts')
  const server = await startServer(settings)
  server.parts.log.info('listening', about(settings))
  await asked
  await server.close(graceMilliseconds)
}

async function serveTogether(settings: Settings, asked: Promise<void>): Promise<void> {
  const { startCluster, workersOf } = await import('../main/cluster.ts')
  const log = createLog(settings.log)
  const running = await startCluster(settings, { log, now: systemClock })
  log.info('listening', { ...about(settings), workers: workersOf(settings) })
  void asked.then(running.stop)
  if (!(await running.ended)) process.exitCode = 1
}

const about = ({ issuer, listen: { port }, development }: Settings) => ({ issuer, port, development })
