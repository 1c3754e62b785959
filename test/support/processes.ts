/** The three real processes, started as `npm start` starts them: on free ports, with data and keys of their own, gone with the test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export interface Processes {
  issuer: string
  api: string
  client: string
  /** `node src/cli.ts` beside the running server, on the same data; arguments, then what it reads from standard input. */
  cli(args: string[], input?: string): Promise<string>
  /** Ends all three and removes what they kept. */
  stop(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '../..')

export async function startProcesses(): Promise<Processes> {
  // Between finding a free port and taking it, someone else may take it.
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await Promise.all([freePort(), freePort(), freePort()]))
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

async function start([port, apiPort, clientPort]: [number, number, number]): Promise<Processes> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-processes-'))
  const env = {
    ...process.env,
    SIGNET_PORT: String(port),
    SIGNET_API_PORT: String(apiPort),
    SIGNET_CLIENT_PORT: String(clientPort),
    SIGNET_DATA: path.join(folder, 'data'),
    SIGNET_KEYS: path.join(folder, 'keys'),
  }
  const child = spawn(process.execPath, ['src/dev.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const endAtExit = () => child.kill('SIGTERM')
  process.once('exit', endAtExit)
  const stop = async () => {
    process.removeListener('exit', endAtExit)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await welcomed(child)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    issuer: `http://localhost:${port}`,
    api: `http://localhost:${apiPort}`,
    client: `http://localhost:${clientPort}`,
    async cli(args, input = '') {
      const run = promisify(execFile)(process.execPath, ['src/cli.ts', ...args], { cwd: root, env })
      run.child.stdin?.end(input)
      return (await run).stdout
    },
    stop,
  }
}

/** The welcome is the last thing that `npm start` says, when all three answer. */
function welcomed(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    const hear = (chunk: Buffer) => {
      output += chunk
      if (output.includes('Signet is running.')) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`npm start ended (exit code ${code}):\n${output}`)))
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
