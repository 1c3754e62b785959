/** What counts and what traces, where the settings ask for it; elsewhere nothing of it is loaded. */
import type { Log } from '../base/log.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { Settings } from '../settings/load.ts'
import type { Tally } from '../web/observer.ts'
import { listen } from './listener.ts'
import type { Parts } from './parts.ts'

export interface Instruments {
  /** The same log, counted where that is asked for. */
  log: Log
  tallies: Tally[]
  /**
   * Opens the port of the metrics, if they are asked for.
   * @param worker of a cluster, from 1 on: each has a port of its own
   * @throws Refusal as `listen`
   */
  open(
    watched: Pick<Parts, 'passwords' | 'mailer'> & { ring: KeyRing; apiKeyRing?: KeyRing | undefined },
    worker: number,
  ): Promise<void>
  /** Says what is left to say. */
  close(): Promise<void>
}

export async function createInstruments(settings: Settings, log: Log): Promise<Instruments> {
  // Loaded where it is asked for: it takes ten megabytes.
  const metrics = settings.metrics && (await import('./metrics.ts')).createMetrics()
  const traces = settings.traces && (await import('./traces.ts')).createTraces(settings.traces.endpoint)
  return {
    log: metrics ? metrics.counted(log) : log,
    tallies: [metrics, traces].filter((one) => one !== undefined),
    async open(watched, worker) {
      if (!metrics || !settings.metrics) return
      metrics.watch(watched)
      const { host, port } = settings.metrics
      await listen(metrics.server, { host, port: port + worker - 1 }, 'Set metrics.port to another.')
    },
    async close() {
      metrics?.close()
      await traces?.close()
    },
  }
}
