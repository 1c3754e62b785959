/**
 * What SQLite is asked in this process while something is done: every statement that reads and every one that writes, of whichever role or database. Left out
 * is the one that no request causes: a server looks every two seconds for letters that others left it to send.
 */
import { StatementSync } from 'node:sqlite'

export interface Statements {
  reads: string[]
  writes: string[]
}

const lookForLetters =
  'select * from "letters" where "expires_at" > ? and substr(id, 1, ?) = ? order by "expires_at", "id" limit ?'
const methods = ['all', 'get', 'run', 'iterate'] as const

/** Nothing but `act` may be under way. */
export async function statementsOf(act: () => Promise<unknown>): Promise<Statements> {
  const asked: Statements = { reads: [], writes: [] }
  const prototype = StatementSync.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
  const originals = methods.map((method) => [method, prototype[method] as () => unknown] as const)
  for (const [method, original] of originals) {
    prototype[method] = function (this: StatementSync, ...args) {
      const sql = this.sourceSQL
      if (sql === lookForLetters) return original.apply(this, args as [])
      if (/^\s*(select|with)\b/i.test(sql)) asked.reads.push(sql)
      else if (/^\s*(insert|update|delete|replace)\b/i.test(sql)) asked.writes.push(sql)
      return original.apply(this, args as [])
    }
  }
  try {
    await act()
  } finally {
    for (const [method, original] of originals) prototype[method] = original
  }
  return asked
}
