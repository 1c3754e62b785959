/** Signet as an operator runs it: a process of its own on a folder of its own, to be loaded, killed and started again. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { silentLog } from '../../src/base/log.ts'
import { openParts, type Parts } from '../../src/main/parts.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { untilOpen } from '../support/knock.ts'
import { freePort } from '../support/ports.ts'

export interface ServerProcess {
  child: ChildProcess
  /** From the start of the process to its first 200. */
  startMilliseconds: number
  kill(): Promise<void>
  /** SIGTERM, to its end. */
  stop(): Promise<void>
}

export interface Installation {
  issuer: string
  port: number
  folder: string
  dataFolder: string
  keyFolder: string
  env: NodeJS.ProcessEnv
  /** `signet …` beside the server, to its end. @returns what it said */
  command(args: string[]): Promise<string>
  /** Opens the same data in this process, and closes it. */
  withParts<T>(use: (parts: Parts) => Promise<T>): Promise<T>
  /** A process that may not be listening yet. */
  spawn(options?: StartOptions): ChildProcess
  start(options?: StartOptions): Promise<ServerProcess>
  remove(): void
}

export interface StartOptions {
  /** Modules that are loaded before ours. */
  preload?: string[]
  /** A second process of the same installation. */
  port?: number
  /** What stands before `node`, e.g. a tracer. */
  under?: string[]
  /** Instead of `signet serve`. */
  program?: string[]
}

const root = path.resolve(import.meta.dirname, '../..')
const foreign = /^(SIGNET|SAMPLE)_/

const serve = ['scripts/signet.mjs', 'serve']

/** @param settings beside `listen` and the issuer; JSON is YAML too @param more variables for every process of it */
export async function install(settings: Record<string, unknown>, more: NodeJS.ProcessEnv = {}): Promise<Installation> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-soak-'))
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const [dataFolder, keyFolder] = ['data', 'keys'].map((name) => path.join(folder, name)) as [string, string]
  mkdirSync(keyFolder, { mode: 0o700 })
  const file = path.join(folder, 'signet.yaml')
  writeFileSync(file, JSON.stringify({ issuer, listen: { port: `\${SIGNET_PORT}` }, ...settings }))
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
  const env = {
    ...own,
    SIGNET_CONFIG: file,
    SIGNET_DATA: dataFolder,
    SIGNET_KEYS: keyFolder,
    SIGNET_PORT: String(port),
    SIGNET_SECRET: 'a-master-secret-for-tests-long-enough-to-be-one',
    NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
    ...more,
  }
  const children = new Set<ChildProcess>()
  const end = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', end)

  const spawnServer: Installation['spawn'] = ({ preload = [], port: other = port, under = [], program: own = serve } = {}) => {
    const imports = preload.flatMap((module) => ['--import', path.resolve(import.meta.dirname, module)])
    const node = [process.execPath, ...imports, ...own]
    const [program = process.execPath, ...args] = [...under, ...node]
    const child = spawn(program, args, {
      cwd: root,
      env: { ...env, SIGNET_PORT: String(other) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  return {
    issuer,
    port,
    folder,
    dataFolder,
    keyFolder,
    env,
    spawn: spawnServer,
    async start(options = {}) {
      const begun = performance.now()
      const child = spawnServer(options)
      await firstAnswer(child, options.port ?? port)
      return {
        child,
        startMilliseconds: performance.now() - begun,
        kill: () => endOf(child, 'SIGKILL'),
        stop: () => endOf(child, 'SIGTERM'),
      }
    },
    async command(args) {
      return (await promisify(execFile)(process.execPath, ['scripts/signet.mjs', ...args], { cwd: root, env })).stdout
    },
    async withParts(use) {
      const parts = await openParts(loadSettings(env), { log: silentLog })
      try {
        return await use(parts)
      } finally {
        await parts.close()
      }
    },
    remove() {
      process.removeListener('exit', end)
      end()
    },
  }
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

async function firstAnswer(child: ChildProcess, port: number): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4_000)
  })
  await untilOpen(child, port).catch((cause) => {
    throw new Error(`${cause.message}:\n${said}`)
  })
  const response = await fetch(`http://localhost:${port}/health/ready`)
  if (response.status !== 200) throw new Error(`the server is not ready: ${response.status} ${await response.text()}\n${said}`)
  await response.arrayBuffer()
}
