/**
 * The thread that hashes passwords. It calls the *synchronous* hash: an asynchronous one would go back to the thread pool of
 * the process, where it starves the signatures of the main thread (measured: from 16,600 a second to 2).
 */
import { randomBytes } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'
import type { Strength } from './password-judge.ts'

/** What a hash costs. */
export interface Work {
  memoryKiB: number
  passes: number
}

export interface Comparison {
  matches: boolean
  /** It matches a hash that would be made otherwise today: by other work, by another system, or of a form that was not canonical. */
  outdated: boolean
}

export type PasswordTask =
  | { kind: 'hash'; password: string }
  /** `hash`: null for nobody's, at the same cost. */
  | { kind: 'compare'; forms: string[]; hash: string | null }
  | { kind: 'judge'; password: string; words: string[]; weakBelow: number }

export interface PasswordAnswer {
  /** How many hashes it took. */
  computed: number
  hash?: string
  comparison?: Comparison
  strength?: Strength
  fault?: string
}

/** With the number by which an answer finds who asked. */
export type Told<What> = What & { id: number }

giveWay()

const { memoryKiB, passes } = workerData as Work
// The library's default algorithm is argon2id; the parameters travel in the hash.
const parameters = { memoryCost: memoryKiB, timeCost: passes, parallelism: 1 }

/** An unknown person's password is compared with this one, so that it takes as long as a known one's, whatever the parameters become. */
const nobodys = hashSync(randomBytes(16).toString('hex'), parameters)

/** Up to the salt. */
const todays = nobodys.split('$').slice(0, 4).join('$')

parentPort?.on('message', async ({ id, ...task }: Told<PasswordTask>) => {
  parentPort?.postMessage({ id, ...(await answer(task)) } satisfies Told<PasswordAnswer>)
})

async function answer(task: PasswordTask): Promise<PasswordAnswer> {
  try {
    if (task.kind === 'hash') return { computed: 1, hash: hashSync(task.password, parameters) }
    if (task.kind === 'compare') return await compared(task.forms, task.hash)
    const { strengthOf } = await import('./password-judge.ts')
    return { computed: 0, strength: strengthOf(task.password, task.words, task.weakBelow) }
  } catch (fault) {
    return { computed: 0, fault: String(fault) }
  }
}

async function compared(forms: string[], hash: string | null): Promise<PasswordAnswer> {
  const matches = await verifierOf(hash ?? nobodys)
  let computed = 0
  for (const [index, form] of forms.entries()) {
    computed++
    if (!matches(form) || hash === null) continue
    return { computed, comparison: { matches: true, outdated: index > 0 || !hash.startsWith(`${todays}$`) } }
  }
  return { computed, comparison: { matches: false, outdated: false } }
}

async function verifierOf(hash: string): Promise<(form: string) => boolean> {
  if (hash.startsWith('$argon2')) return orNobodys((form) => verifySync(hash, form))
  const { matchesForeign } = await import('./foreign-verification.ts')
  return orNobodys((form) => matchesForeign(form, hash))
}

/** A hash that says what it is, and that its own library does not take, is matched by nothing: a fault would tell that somebody is known. */
function orNobodys(matches: (form: string) => boolean): (form: string) => boolean {
  return (form) => {
    try {
      return matches(form)
    } catch {
      return verifySync(nobodys, form) && false
    }
  }
}

/**
 * Where there are fewer cores than work, a third of a share: with eight hashes at every moment half of the token endpoint's rate was left on two
 * cores, and with this two thirds and more. On Linux a thread has a priority of its own; elsewhere it would be that of the whole process, and is
 * left as it is.
 */
function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, 5)
  } catch {
    // A sandbox may forbid it: then hashing takes its full share.
  }
}
