/** Runs compiled queries on one SQLite connection, synchronously. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import type { Written } from '../sql/engine.ts'
import { runtimeFault } from './faults.ts'

/** More than the server has different statements; a bound all the same, for lists of parameters vary. */
const MAX_PREPARED = 200

export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>

export interface Connection {
  run<Row>(query: Query): Written<Row>
  /** False outside a transaction, and after an error that made SQLite roll back by itself. */
  readonly inTransaction: boolean
  close(): void
}

interface Prepared {
  statement: StatementSync
  /** Whether it gives rows; asked once, since the answer is a walk over its columns. */
  reads: boolean
}

export function connectionOf(database: DatabaseSync): Connection {
  const cache = new Map<string, Prepared>()

  function prepared(text: string): Prepared {
    const known = cache.get(text)
    if (known) {
      // A Map keeps the order of insertion: what was used last goes to the end, the oldest stands first.
      cache.delete(text)
      cache.set(text, known)
      return known
    }
    const statement = database.prepare(text)
    const fresh = { statement, reads: statement.columns().length > 0 }
    if (cache.size >= MAX_PREPARED) cache.delete(cache.keys().next().value!)
    cache.set(text, fresh)
    return fresh
  }

  return {
    run<Row>(query: Query) {
      try {
        const { statement, reads } = prepared(query.sql)
        const values = query.parameters as readonly SQLInputValue[]
        if (reads) {
          const rows = statement.all(...values) as Row[]
          return { rows, changes: rows.length }
        }
        return { rows: [], changes: Number(statement.run(...values).changes) }
      } catch (error) {
        throw runtimeFault(error)
      }
    },
    get inTransaction() {
      return database.isTransaction
    },
    close: () => database.close(),
  }
}
