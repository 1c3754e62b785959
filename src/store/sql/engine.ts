/**
 * What the roles need of a SQL engine. Every write of a role is a single statement: it is refused or done as a whole without a
 * transaction of its own, an engine may commit many of them together, and a compare-and-swap needs no lock.
 */
import type { Compilable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export interface Written<Row> {
  /** What RETURNING gave. */
  rows: Row[]
  /** How many rows were inserted, updated or deleted. */
  changes: number
}

export interface SqlEngine {
  /** Builds statements, and reads; a read sees what is committed. Not for writing: that is `write`. */
  readonly db: Kysely<Tables>
  /** Resolves after the commit that holds the statement. A statement that fails rejects alone. */
  write<Row>(statement: Compilable<Row>): Promise<Written<Row>>
}
