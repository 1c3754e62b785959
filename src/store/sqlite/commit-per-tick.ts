/**
 * One commit for all writes of a turn of the event loop. With `synchronous=FULL` a commit waits for the disk, so that sharing it is
 * worth more than any other saving (`npm run bench -- store`). Whoever wrote is answered after the commit, never before.
 */
import type { Compilable, CompiledQuery } from 'kysely'
import type { Later } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import { moment, type Span, spans } from '../../base/spans.ts'
import type { SqlEngine, Written } from '../sql/engine.ts'
import type { Connection } from './connection.ts'
import { isLocked } from './faults.ts'

export interface CommitOptions {
  /** Statements that delete what has expired, each at most `limit` rows; run before the writes, so that they find room. */
  sweep(limit: number): Compilable[]
  /** Told of a sweep that failed: the writes beside it go on. */
  onError(error: unknown): void
  /** How another process's lock is waited for while this one goes on with what needs no write; without it, not at all. */
  later?: Later | undefined
}

/** Twenty a second, for two seconds: what another process does within that time is waited for. */
const secondsOfPatience = 2
const retryMilliseconds = 50
const triesPerWrite = (secondsOfPatience * 1_000) / retryMilliseconds

interface Job {
  query: CompiledQuery
  /** How many more times the lock is asked for. */
  triesLeft: number
  settle(written: Written<unknown>): void
  fail(error: unknown): void
}

export interface WriteQueue {
  write: SqlEngine['write']
  /** Commits what waits, and refuses what comes later. */
  close(): void
}

export function commitPerTick(connection: Connection, options: CommitOptions): WriteQueue {
  let waiting: Job[] = []
  let closed = false

  function flush(): void {
    const jobs = waiting
    waiting = []
    if (jobs.length === 0) return
    let answers: (() => void)[]
    try {
      connection.run({ sql: 'begin immediate', parameters: [] })
    } catch (error) {
      tryAgain(jobs, error)
      return
    }
    const begun = spans.hasSubscribers ? moment() : 0
    try {
      answers = transact(connection, [...sweeps(jobs.length), ...jobs])
      if (spans.hasSubscribers) spans.publish({ part: 'store.commit', begun, ended: moment(), failed: false } satisfies Span)
    } catch (error) {
      for (const job of jobs) job.fail(error)
      return
    }
    // What is committed is committed: an answer that throws is no reason to refuse the others.
    for (const answer of answers) answer()
  }

  /** Nothing of them has been done. Whoever writes meanwhile joins them, and is committed with them. */
  function tryAgain(jobs: Job[], error: unknown): void {
    const { later } = options
    const mayWait = later !== undefined && !closed && isLocked(error)
    for (const job of jobs) {
      if (mayWait && job.triesLeft-- > 0) waiting.push(job)
      else job.fail(error)
    }
    if (waiting.length > 0) later?.(retryMilliseconds, flush)
  }

  /** Twice as many rows go as can come: what has expired dwindles even while every write brings a new row. */
  function sweeps(writes: number): Job[] {
    return options.sweep(2 * writes + 16).map((statement) => ({
      query: statement.compile(),
      triesLeft: 0,
      settle: () => {},
      fail: options.onError,
    }))
  }

  return {
    write<Row>(statement: Compilable<Row>) {
      if (closed) return Promise.reject(new Refusal('temporarily_unavailable', 'The server is closing.', { status: 503 }))
      const query = statement.compile()
      return new Promise<Written<Row>>((settle, fail) => {
        // setImmediate runs after every request that arrived in this turn has been read, and so gathers their writes.
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ query, triesLeft: triesPerWrite, settle: settle as Job['settle'], fail })
      })
    },
    close() {
      closed = true
      flush()
    },
  }
}

/** Within a transaction that has begun. @returns the answers, to be given now that all of it is committed. @throws when nothing is. */
function transact(connection: Connection, jobs: Job[]): (() => void)[] {
  try {
    const answers = jobs.map((job) => attempt(connection, job))
    connection.run({ sql: 'commit', parameters: [] })
    return answers
  } catch (error) {
    // A full disk and its like make SQLite roll back by itself.
    if (connection.inTransaction) connection.run({ sql: 'rollback', parameters: [] })
    throw error
  }
}

/** A savepoint each: a statement that fails leaves the others as they are. */
function attempt(connection: Connection, job: Job): () => void {
  connection.run({ sql: 'savepoint one', parameters: [] })
  try {
    const written = connection.run(job.query)
    connection.run({ sql: 'release one', parameters: [] })
    return () => job.settle(written)
  } catch (error) {
    // Without its transaction the batch is lost as a whole.
    if (!connection.inTransaction) throw error
    connection.run({ sql: 'rollback to one', parameters: [] })
    connection.run({ sql: 'release one', parameters: [] })
    return () => job.fail(error)
  }
}
