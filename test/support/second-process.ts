/**
 * A server in a process of its own, on the data and keys of one that a test started: started with `fork`, says its port, ends when its parent
 * lets go of it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startTestServer, type TestServer } from './server.ts'

export interface SecondProcess {
  port: number
  /** From now on it dies, by SIGKILL, when the next rotation is committed, before anybody is answered. */
  dieAfterNextCommit(): Promise<void>
  /** Resolves when it is gone. */
  gone: Promise<unknown>
  stop(): Promise<void>
}

interface Start {
  folder: string
  issuer: string
  settings: Record<string, unknown>
}

export async function startSecondProcess(
  first: Pick<TestServer, 'folder' | 'issuer'>,
  settings: Record<string, unknown> = {},
): Promise<SecondProcess> {
  const start: Start = { folder: first.folder, issuer: first.issuer, settings }
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(start)])
  const gone = once(child, 'exit')
  const port = await Promise.race([
    once(child, 'message'),
    gone.then(() => Promise.reject(new Error('the second process ended'))),
  ])
  return {
    port: (port as [number])[0],
    async dieAfterNextCommit() {
      child.send('die')
      await once(child, 'message')
    },
    gone,
    stop: () => stop(child, gone),
  }
}

async function stop(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect()
  await gone
}

async function serve({ folder, issuer, settings }: Start): Promise<void> {
  const server = await startTestServer({ folder, issuer, settings })
  process.on('message', () => {
    const { artifacts } = server.parts.store
    const { replace } = artifacts
    artifacts.replace = async (...args) => {
      await replace(...args)
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => {})
    }
    process.send?.('ready')
  })
  process.once('disconnect', () => void server.close())
  process.send?.(server.port)
}

if (import.meta.main) await serve(JSON.parse(process.argv[2]!) as Start)
