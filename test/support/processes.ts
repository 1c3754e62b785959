/** The three real processes, started as `npm start` starts them: on free ports, with data and keys of their own, gone with the test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './ports.ts'

export interface Processes {
  issuer: string
  api: string
  client: string
  /** `node src/cli.ts` beside the running server, on the same data; arguments, then what it reads from standard input. */
  cli(args: string[], input?: string): Promise<string>
  /** What a command beside them is started with, to mean the same installation. */
  env: NodeJS.ProcessEnv
  /** What `npm start` printed. */
  welcome: string
  /** Ends all three and removes what they kept. */
  stop(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '../..')

/** What the settings declare beside what is shipped, given the sample API's identifier where it names no clients. */
export type Declare = (api: string) => Record<string, object>

export async function startProcesses(declare: Declare = () => ({})): Promise<Processes> {
  // Between finding a free port and taking it, someone else may take it.
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await Promise.all([freePort(), freePort(), freePort()]), declare)
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

type Ports = [issuer: number, api: number, client: number]

async function start([port, apiPort, clientPort]: Ports, declare: Declare): Promise<Processes> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-processes-'))
  const api = `http://localhost:${apiPort}`
  const shipped = readFileSync(path.join(root, 'config/signet.yaml'), 'utf8')
  // JSON is YAML.
  const members = Object.entries({ clients: [], ...declare(api) }).map(([member, value]) => `${member}: ${JSON.stringify(value)}`)
  writeFileSync(
    path.join(folder, 'signet.yaml'),
    // Every way in is on, so that every page is there to be looked at, and its tests share a mailbox.
    shipped
      .replace(/^clients: \[\]$/m, () => members.join('\n'))
      .replace(/^( +byLink:) false/m, '$1 true')
      .replace(/^( +perPerson(?:AndNetwork)?:) \d+/gm, '$1 1000'),
  )
  const env = {
    ...process.env,
    SIGNET_PORT: String(port),
    SIGNET_API_PORT: String(apiPort),
    SIGNET_CLIENT_PORT: String(clientPort),
    SIGNET_CONFIG: path.join(folder, 'signet.yaml'),
    SIGNET_DATA: path.join(folder, 'data'),
    SIGNET_KEYS: path.join(folder, 'keys'),
  }
  const child = spawn(process.execPath, ['src/dev.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const endAtExit = () => {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', endAtExit)
  const stop = async () => {
    process.removeListener('exit', endAtExit)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  let welcome: string
  try {
    welcome = await welcomed(child)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    issuer: `http://localhost:${port}`,
    api,
    client: `http://localhost:${clientPort}`,
    async cli(args, input = '') {
      const run = promisify(execFile)(process.execPath, ['src/cli.ts', ...args], { cwd: root, env })
      run.child.stdin?.end(input)
      return (await run).stdout
    },
    env,
    welcome,
    stop,
  }
}

/** The welcome is the last thing that `npm start` says, when all three answer. */
function welcomed(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const hear = (chunk: Buffer) => {
      output += chunk
      if (output.includes('npm run signet')) resolve(output)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`npm start ended (exit code ${code}):\n${output}`)))
  })
}
