/**
 * One JSON line per event, on standard error. A field whose name could hold a secret is never written, whatever the caller hands in:
 * a log outlives the token that it would leak.
 */
import { pino } from 'pino'
import { type FineClock, systemFineClock } from './clock.ts'
import { currentRequest } from './request.ts'

export type Fields = Record<string, unknown>

export interface Log {
  info(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}

const secretNames = /password|secret|token|code|verifier|authorization|cookie|assertion|hint/i

export interface LogOptions {
  /** What is said: everything, or nothing but what somebody should look at. */
  level?: 'info' | 'error'
  time?: FineClock
  /** Where lines go; standard error unless given. */
  write?: (line: string) => void
}

/**
 * By pino, written before the call returns: the line that says why a process ends is the one that must not be lost. So whoever reads the
 * stream has to keep up.
 */
export function createLog({ level = 'info', time = systemFineClock, write }: LogOptions = {}): Log {
  const destination = write ? { write } : pino.destination({ fd: 2, sync: true })
  const logger = pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date(time()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const at =
    (severity: 'info' | 'error') =>
    (event: string, fields: Fields = {}) => {
      if (!logger.isLevelEnabled(severity)) return
      const ours = { time: undefined, level: undefined, event: undefined }
      logger[severity]({ event, ...redacted({ request: currentRequest(), ...fields, ...ours }, 0) })
    }
  return { info: at('info'), error: at('error') }
}

/** The same log, with what is to stand on every line. */
export function logWith(always: Fields, { info, error }: Log): Log {
  return {
    info: (event, fields) => info(event, { ...fields, ...always }),
    error: (event, fields) => error(event, { ...fields, ...always }),
  }
}

export const silentLog: Log = { info() {}, error() {} }

/** Deeper than this is said to be there, and no more: a cycle ends too. */
const deepest = 6

function redacted(fields: Fields, depth: number): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, secretNames.test(name) ? '[redacted]' : plain(value, depth + 1)]),
  )
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return '[deep]'
  if (Array.isArray(value)) return value.map((member) => plain(member, depth + 1))
  if (!(value instanceof Error)) return redacted(value as Fields, depth)
  const { name, message, stack, cause } = value
  return { name, message, stack, ...(cause !== undefined && { cause: plain(cause, depth + 1) }) }
}
