/**
 * A server as an operator runs it: `signet serve`, in processes of its own, with its real output. The test reaches its data from beside it, as
 * the command line does.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { openParts } from '../../src/main/parts.ts'
import { openRing } from '../../src/main/ring.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { freePort } from './ports.ts'
import { declared, type TestServer, temporaryFolder } from './server.ts'
import { until } from './until.ts'

export type Said = { event: string; level: string; worker?: number; pid?: number } & Record<string, unknown>

export interface Served extends TestServer {
  /** The one process, or the primary of a cluster. */
  child: ChildProcess
  env: NodeJS.ProcessEnv
  /** All that it wrote until now, to either stream. */
  output(): string
  /** The lines of its log. */
  said(event?: string): Said[]
  /** Resolves with the lines of an event as soon as there are so many of them; no longer than half a minute. */
  hear(event: string, count?: number): Promise<Said[]>
  /** Asks it to stop. @returns how it ended */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const root = path.resolve(import.meta.dirname, '../..')

/**
 * @param settings beside those of every test server @param more variables of its environment
 * @param folder of one that has ended, to go on where it left
 */
export async function startServed(
  settings: Record<string, unknown> = {},
  more: NodeJS.ProcessEnv = {},
  folder = temporaryFolder(),
): Promise<Served> {
  const file = path.join(folder, 'signet.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...declared, listen: { port: await freePort() }, ...settings }))
  const env = {
    ...process.env,
    SIGNET_CONFIG: file,
    SIGNET_DATA: path.join(folder, 'data'),
    SIGNET_KEYS: path.join(folder, 'keys'),
    ...more,
  }
  const child = spawn(process.execPath, ['scripts/signet.mjs', 'serve'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const gone = once(child, 'close').finally(() => process.removeListener('exit', killAtExit))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      output += chunk
    })
  }
  const said = (event?: string) => {
    const lines = output.split('\n').slice(0, -1)
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Said)
    return event === undefined ? events : events.filter((one) => one.event === event)
  }
  const hear: Served['hear'] = (event, count = 1) =>
    until(event, () => {
      const lines = said(event)
      if (lines.length >= count) return lines
      if (child.exitCode !== null) throw new Error(`${event} was not said ${count} times:\n${output}`)
      return undefined
    })
  await hear('listening')
  const loaded = loadSettings(env)
  const parts = await openParts(loaded, { first: false })
  const stop: Served['stop'] = async (signal = 'SIGTERM') => {
    child.kill(signal)
    await gone
    await parts.close()
    return { code: child.exitCode, signal: child.signalCode }
  }
  return {
    child,
    env,
    parts,
    ring: await openRing(loaded, parts.vault, parts.now),
    port: loaded.listen.port,
    issuer: loaded.issuer,
    settings: loaded,
    folder,
    output: () => output,
    said,
    hear,
    stop,
    takeUp: async () => {},
    close: async () => void (await stop()),
  }
}
