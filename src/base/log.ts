/**
 * One JSON line per event, on standard error. A field whose name could hold a secret is never written, whatever the caller hands in:
 * a log outlives the token that it would leak.
 */
import type { Clock } from './clock.ts'

export type Fields = Record<string, unknown>

export interface Log {
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}

const secretNames = /password|secret|token|code|verifier|authorization|cookie|assertion|hint/i

export function createLog(now: Clock, write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Log {
  const at =
    (level: string) =>
    (event: string, fields: Fields = {}) => {
      write(JSON.stringify({ time: new Date(now() * 1000).toISOString(), level, event, ...redacted(fields) }))
    }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

export const silentLog: Log = { info() {}, warn() {}, error() {} }

function redacted(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, secretNames.test(name) ? '[redacted]' : plain(value)]),
  )
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack }
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'object' && value !== null ? redacted(value as Fields) : value
}
