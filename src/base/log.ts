/**
 * One JSON line per event, on standard error. A field whose name could hold a secret is never written, whatever the caller hands in:
 * a log outlives the token that it would leak.
 */
import type { Clock } from './clock.ts'

export type Fields = Record<string, unknown>

export interface Log {
  info(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}

const secretNames = /password|secret|token|code|verifier|authorization|cookie|assertion|hint/i

export function createLog(now: Clock, write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Log {
  const at =
    (level: string) =>
    (event: string, fields: Fields = {}) => {
      write(
        JSON.stringify({
          time: new Date(now() * 1000).toISOString(),
          level,
          event,
          ...redacted({ ...fields, time: undefined, level: undefined, event: undefined }, 0),
        }),
      )
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
