/**
 * Passwords by argon2id, off the main thread, behind a bounded queue: past the bound the answer is "come back in a second", so that a flood of
 * sign-ins slows sign-in and nothing else. How a password is hashed, and with what it is compared, the worker alone knows.
 */
import { Refusal } from '../base/errors.ts'
import { timed } from '../base/spans.ts'
import { leastWork } from '../settings/passwords.ts'
import { canonicalPassword, possibleForms } from './canonical-password.ts'
import { noPassword } from './no-password.ts'
import type { Strength } from './password-judge.ts'
import { createPasswordThread } from './password-thread.ts'
import type { Comparison, PasswordAnswer, PasswordTask, Work } from './password-worker.ts'
import { createSharedQueue, type ShareBound } from './shared-queue.ts'

/**
 * Whose turn a hash takes. It follows from what is asked for, never from who is found: `strangers` is what anybody may ask for who has shown
 * nothing (a sign-up); `people` is every sign-in, of somebody who is here or not, and whoever came by a link. A share for known people would tell who is known.
 */
export type Share = 'people' | 'strangers'

export interface Asked {
  share: Share
}

export interface Passwords {
  /** Of the canonical form. Does NOT judge the password; see `accounts/password-policy.ts`. @throws Refusal `password_too_long` (over 1,024 characters), `busy` */
  hash(password: string, asked: Asked): Promise<string>
  /** With no hash (an unknown person) it does the same work and says no. @throws Refusal as `hash` */
  compare(password: string, hash: string | undefined, asked?: Asked): Promise<Comparison>
  /** As `compare`, by its first word. */
  matches(password: string, hash: string | undefined, asked?: Asked): Promise<boolean>
  /**
   * How hard a password is to guess for somebody who knows such words of its person.
   * @param weakBelow as many guesses as make a password good: one that takes more is not looked at any further
   * @throws Refusal `busy`
   */
  strength(canonical: string, words: string[], weakBelow: number, asked: Asked): Promise<Strength>
  /** @throws Refusal `busy` when a hash would be refused at this moment */
  checkRoom(share?: Share): void
  /** How many are under way or wait. */
  readonly waiting: number
  /** How many hashes were computed, dummies included. */
  readonly computed: number
  close(): Promise<void>
}

const defaultBounds: Record<Share, ShareBound> = { people: { limit: 64, turns: 3 }, strangers: { limit: 16, turns: 1 } }

/** One is hashed while the next lies ready, so that the thread need not wait until this one has time for it. */
const inHand = 2

interface Waiting {
  task: PasswordTask
  resolve(answer: PasswordAnswer): void
  reject(cause: unknown): void
}

/** @param options `bounds`: how many may wait, and whose turn it is. The thread is started by the first hash, and does not keep the process alive. */
export function createPasswords({
  bounds = defaultBounds,
  work = leastWork,
}: {
  bounds?: Record<Share, ShareBound>
  work?: Work
} = {}): Passwords {
  const queue = createSharedQueue<Share, Waiting>(bounds)
  const thread = createPasswordThread(work)
  let computed = 0
  let closed = false

  function checkRoom(share: Share = 'people'): void {
    if (!closed && queue.hasRoom(share)) return
    const sentence = `Too many people are signing ${share === 'people' ? 'in' : 'up'} at this moment. Please try again.`
    throw new Refusal('busy', sentence, { status: 503, retryAfterSeconds: 1 })
  }

  function serve(): void {
    while (thread.busy < inHand) {
      const next = queue.take()
      if (!next) return
      const { task, resolve, reject } = next
      thread.run(task).then(resolve, reject).finally(serve)
    }
  }

  async function run(share: Share, task: PasswordTask): Promise<PasswordAnswer> {
    checkRoom(share)
    const answer = await new Promise<PasswordAnswer>((resolve, reject) => {
      queue.add(share, { task, resolve, reject })
      serve()
    })
    computed += answer.computed
    if (answer.fault) throw new Error(`the password worker failed: ${answer.fault}`)
    return answer
  }

  const hashing = (share: Share, task: PasswordTask) => timed('password.hash', () => run(share, task))

  async function compare(
    password: string,
    hash: string | undefined,
    { share }: Asked = { share: 'people' },
  ): Promise<Comparison> {
    const known = hash === undefined || hash === noPassword ? null : hash
    const { comparison } = await hashing(share, { kind: 'compare', forms: possibleForms(password), hash: known })
    return comparison as Comparison
  }

  return {
    checkRoom,
    hash: async (password, { share }) =>
      (await hashing(share, { kind: 'hash', password: canonicalPassword(password) })).hash as string,
    compare,
    async strength(password, words, weakBelow, { share }) {
      return (await run(share, { kind: 'judge', password, words, weakBelow })).strength as Strength
    },
    matches: async (password, hash, asked) => (await compare(password, hash, asked)).matches,
    get waiting() {
      return queue.size + thread.busy
    },
    get computed() {
      return computed
    },
    async close() {
      closed = true
      const leaving = new Refusal('busy', 'The server is stopping. Please try again.', { status: 503, retryAfterSeconds: 1 })
      for (const { reject } of queue.clear()) reject(leaving)
      await thread.close(leaving)
    },
  }
}
