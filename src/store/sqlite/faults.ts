/** What SQLite's result codes mean for whoever asked. @see https://www.sqlite.org/rescode.html */
import { Refusal } from '../../base/errors.ts'
import { STORE_FULL } from '../migrations/003-bounds.ts'

const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const NOTADB = 26

/** Faults of the place, not of the statement: the same call may well succeed later. */
const passing = new Set([BUSY, LOCKED, READONLY, IOERR, FULL])

/** @returns the primary result code, or undefined when the error is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  // The low byte is the primary code; the rest says more about it.
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

/** @returns what a statement's error is to the caller: a Refusal when trying again makes sense, else the error itself. */
export function runtimeFault(error: unknown): unknown {
  if (error instanceof Error && error.message === STORE_FULL) {
    return new Refusal('store_full', 'The server holds as much as it may for strangers. Please try again later.', {
      status: 503,
      retryAfterSeconds: 30,
      cause: error,
    })
  }
  const code = resultCode(error) ?? 0
  if (code === CORRUPT || code === NOTADB) {
    return new Refusal('store_damaged', 'The server cannot read what it stored. Please try again later.', {
      status: 503,
      retryAfterSeconds: 30,
      detail: { sqlite: (error as Error).message },
      cause: error,
    })
  }
  if (!passing.has(code)) return error
  return cannotStore({ sqlite: (error as Error).message }, error)
}

/** Before SQLite finds it out. */
export function diskFull(file: string): Refusal {
  return cannotStore({ nearlyFull: file })
}

function cannotStore(detail: Record<string, string>, cause?: unknown): Refusal {
  return new Refusal('temporarily_unavailable', 'The server cannot store anything at the moment. Please try again.', {
    status: 503,
    retryAfterSeconds: 5,
    detail,
    cause,
  })
}

/** Whether a fault of `runtimeFault` is another process's lock, which is gone soon. */
export function isLocked(error: unknown): boolean {
  const code = resultCode((error as { cause?: unknown }).cause ?? {})
  return code === BUSY || code === LOCKED
}

/** @returns what an error while opening is to the operator: one line that names the file. */
export function openingFault(file: string, error: unknown): Refusal {
  // A fault has been put into words for a visitor by then; its cause is what the operator needs.
  const cause = error instanceof Refusal && error.cause !== undefined ? error.cause : error
  if (cause instanceof Refusal) return cause
  switch (resultCode(cause)) {
    case NOTADB:
      return damaged(file, 'is not a SQLite database', cause)
    case CORRUPT:
      return damaged(file, 'is damaged', cause)
    default:
      return unusable('store_unusable', file, whyUnusable(cause), cause)
  }
}

/** The one fault that a file which may be lost can be cured of. */
export function damaged(file: string, why: string, cause?: unknown): Refusal {
  return unusable('store_damaged', file, why, cause)
}

function unusable(code: string, file: string, why: string, cause: unknown): Refusal {
  return new Refusal(code, `The database ${file} ${why}.`, { status: 503, cause })
}

function whyUnusable(error: unknown): string {
  switch (resultCode(error)) {
    case BUSY:
    case LOCKED:
      return 'is locked by another program'
    case FULL:
      return 'is on a full disk'
    default:
      return `cannot be opened for reading and writing (${(error as Error).message})`
  }
}
