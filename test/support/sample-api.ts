/** The sample API in a process of its own, which trusts the issuer that it is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { untilOpen } from './knock.ts'
import { freePort } from './ports.ts'

export interface SampleApi {
  url: string
  child: ChildProcess
  /** What it has taken of the machine. */
  footprint(): { megabytes: number; files: number }
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('../../src/sample-api/main.ts', import.meta.url))

export async function startSampleApi(issuer: string): Promise<SampleApi> {
  const port = await freePort()
  const env = { ...process.env, SIGNET_ISSUER: issuer, SIGNET_API_PORT: String(port) }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await untilOpen(child, port)
  return {
    url: `http://localhost:${port}`,
    child,
    footprint() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return {
        megabytes: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024),
        files: readdirSync(`/proc/${child.pid}/fd`).length,
      }
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
