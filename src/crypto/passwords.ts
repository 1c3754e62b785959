/**
 * Passwords by argon2id, off the main thread, behind a bounded queue: past the bound the answer is "come back in a second",
 * so that a flood of sign-ins slows sign-in and nothing else. The only knower of the parameters is the worker.
 */
import { Worker } from 'node:worker_threads'
import { Refusal } from '../base/errors.ts'
import { timed } from '../base/spans.ts'
import type { PasswordAnswer, PasswordTask } from './password-worker.ts'

export interface Passwords {
  /** @throws Refusal `password_too_long` (over 1,024 characters), `busy` */
  hash(password: string): Promise<string>
  /** With no hash (an unknown person) it does the same work and says no. @throws Refusal as `hash` */
  matches(password: string, hash: string | undefined): Promise<boolean>
  /** @throws Refusal `busy` when a hash would be refused at this moment */
  checkRoom(): void
  /** How many are under way or wait. */
  readonly waiting: number
  /** How many hashes were computed, dummies included. */
  readonly computed: number
  close(): Promise<void>
}

const longest = 1_024

/** @param queueLimit how many may wait. The worker is started by the first hash, and does not keep the process alive. */
export function createPasswords({ queueLimit = 64 }: { queueLimit?: number } = {}): Passwords {
  let worker: Worker | undefined
  let computed = 0
  let closed = false
  let nextId = 0
  const waiting = new Map<number, { resolve(answer: PasswordAnswer): void; reject(cause: Error): void }>()

  function start(): Worker {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url))
    started.unref()
    started.on('message', (answer: PasswordAnswer) => {
      const task = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (waiting.size === 0) started.unref()
      computed++
      task?.resolve(answer)
    })
    started.on('error', (cause) => {
      worker = undefined
      for (const task of waiting.values()) task.reject(cause as Error)
      waiting.clear()
    })
    return started
  }

  function checkRoom(): void {
    if (!closed && waiting.size < queueLimit) return
    const sentence = 'Too many people are signing in at this moment. Please try again.'
    throw new Refusal('busy', sentence, { status: 503, retryAfterSeconds: 1 })
  }

  async function run(password: string, hash?: string | null): Promise<PasswordAnswer> {
    if (password.length > longest) throw new Refusal('password_too_long', `A password has at most ${longest} characters.`)
    checkRoom()
    worker ??= start()
    worker.ref()
    const id = nextId++
    const hashed = () =>
      new Promise<PasswordAnswer>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker?.postMessage({ id, password, hash } satisfies PasswordTask)
      })
    const answer = await timed('password.hash', hashed)
    if (answer.fault) throw new Error(`the password worker failed: ${answer.fault}`)
    return answer
  }

  return {
    checkRoom,
    hash: async (password) => (await run(password)).hash as string,
    async matches(password, hash) {
      return (await run(password, hash ?? null)).matches === true
    },
    get waiting() {
      return waiting.size
    },
    get computed() {
      return computed
    },
    async close() {
      closed = true
      const leaving = new Refusal('busy', 'The server is stopping. Please try again.', { status: 503, retryAfterSeconds: 1 })
      for (const task of waiting.values()) task.reject(leaving)
      waiting.clear()
      await worker?.terminate()
      worker = undefined
    },
  }
}
