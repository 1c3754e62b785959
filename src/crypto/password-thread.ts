/** The thread that hashes, begun when it is first needed and anew after it ended: whatever was in its hands then is refused, what waits goes on. */
import { Worker } from 'node:worker_threads'
import { Refusal } from '../base/errors.ts'
import type { PasswordAnswer, PasswordTask, Told, Work } from './password-worker.ts'

export interface PasswordThread {
  /** @throws Refusal `busy` 503 when the thread ends before it has answered */
  run(task: PasswordTask): Promise<PasswordAnswer>
  /** How many it has in its hands. */
  readonly busy: number
  /** @param reason what those are told whom it has not answered */
  close(reason: Refusal): Promise<void>
}

export function createPasswordThread(work: Work): PasswordThread {
  let worker: Worker | undefined
  let nextId = 0
  const open = new Map<number, { resolve(answer: PasswordAnswer): void; reject(cause: unknown): void }>()

  function refuseOpen(reason: unknown): void {
    const refused = [...open.values()]
    open.clear()
    for (const { reject } of refused) reject(reason)
  }

  function start(): Worker {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url), { workerData: work })
    started.unref()
    started.on('message', ({ id, ...answer }: Told<PasswordAnswer>) => {
      const asked = open.get(id)
      open.delete(id)
      if (open.size === 0) started.unref()
      asked?.resolve(answer)
    })
    const ended = (cause?: unknown) => {
      if (worker !== started) return
      worker = undefined
      const sentence = 'Signing in failed on our side. Please try again.'
      refuseOpen(new Refusal('busy', sentence, { status: 503, retryAfterSeconds: 1, cause }))
    }
    started.on('error', ended)
    started.on('exit', () => ended())
    return started
  }

  return {
    async run(task) {
      worker ??= start()
      worker.ref()
      const id = nextId++
      return new Promise((resolve, reject) => {
        open.set(id, { resolve, reject })
        worker?.postMessage({ id, ...task } satisfies Told<PasswordTask>)
      })
    },
    get busy() {
      return open.size
    },
    async close(reason) {
      const last = worker
      worker = undefined
      refuseOpen(reason)
      await last?.terminate()
    },
  }
}
