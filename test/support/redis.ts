/** A Redis server of the test's own: a free port of this machine's loopback, nothing kept, gone with the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './ports.ts'

export interface RedisServer {
  url: string
  port: number
  /** Kills the server. Its data is kept only in a folder of the test's. */
  stop(): Promise<void>
}

export interface RedisOptions {
  /** To come back where a stopped one was; a free port unless said. */
  port?: number
  /** Where every write is kept before it is answered; nothing is kept unless said. */
  folder?: string
}

export const isRedisInstalled = (): boolean => spawnSync('redis-server', ['--version']).status === 0

/** Facts that need a real Redis: skipped by name where none is installed, but not where the project is being judged. */
export function describeWithRedis(title: string, facts: (this: Mocha.Suite) => void): void {
  if (isRedisInstalled()) {
    describe(title, facts)
    return
  }
  const reason = 'redis-server is not installed (Debian: apt install redis-server)'
  describe(title, () => {
    if (!process.env.CI) it.skip(reason)
    else
      it('runs against a real Redis', () => {
        throw new Error(reason)
      })
  })
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  // Between finding a free port and taking it, someone else may take it.
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(options.port ?? (await freePort()), options.folder)
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

async function start(port: number, kept?: string): Promise<RedisServer> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'signet-redis-'))
  const keeping = kept ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
  const place = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder]
  const server = spawn('redis-server', [...place, '--save', '', ...keeping])
  const killAtExit = () => server.kill('SIGKILL')
  process.once('exit', killAtExit)
  const stop = async () => {
    process.removeListener('exit', killAtExit)
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL')
      await once(server, 'exit')
    }
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }
  try {
    await ready(server)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `redis://127.0.0.1:${port}`, port, stop }
}

async function ready(server: ChildProcess): Promise<void> {
  let output = ''
  for await (const line of createInterface({ input: server.stdout! })) {
    output += `${line}\n`
    if (line.includes('Ready to accept connections')) {
      server.stdout!.resume()
      return
    }
  }
  throw new Error(`redis-server did not start:\n${output}`)
}
