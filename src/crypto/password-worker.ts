/**
 * The thread that hashes passwords. It calls the *synchronous* hash: an asynchronous one would go back to the thread pool of
 * the process, where it starves the signatures of the main thread (measured: from 16,600 a second to 2).
 */
import { randomBytes } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'

export interface PasswordTask {
  id: number
  password: string
  /** What it is compared with; null for nobody's, at the same cost. Without it, the password is hashed. */
  hash?: string | null
}

export interface PasswordAnswer {
  id: number
  hash?: string
  matches?: boolean
  fault?: string
}

// OWASP's minimum for argon2id: 19 MiB, 2 passes, 1 lane. The library's default algorithm is argon2id; the parameters travel in the hash.
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** An unknown person's password is compared with this one, so that it takes as long as a known one's, whatever the parameters become. */
const nobodys = hashSync(randomBytes(16).toString('hex'), parameters)

parentPort?.on('message', ({ id, password, hash }: PasswordTask) => {
  parentPort?.postMessage({ id, ...answer(password, hash) } satisfies PasswordAnswer)
})

function answer(password: string, hash: string | null | undefined): Omit<PasswordAnswer, 'id'> {
  try {
    return hash === undefined
      ? { hash: hashSync(password, parameters) }
      : { matches: verifySync(hash ?? nobodys, password) && hash !== null }
  } catch (fault) {
    return { fault: String(fault) }
  }
}
