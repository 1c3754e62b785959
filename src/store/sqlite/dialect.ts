/** Kysely over node:sqlite, for building statements and for reading. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Connection } from './connection.ts'

export function readingDialect(connection: Connection): Dialect {
  return {
    createDriver: () => readingDriver(connection),
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/**
 * Reads share the connection with the write queue. They see committed state without any lock, because a batch of writes begins and
 * commits within one synchronous stretch. A write or a transaction of Kysely's own would break into that, so both are refused.
 */
function readingDriver(connection: Connection): Driver {
  const reader: DatabaseConnection = {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      if (!SelectQueryNode.is(query.query)) refuse()
      return { rows: connection.run<Row>(query).rows }
    },
    streamQuery: refuse,
  }
  return {
    init: async () => {},
    acquireConnection: async () => reader,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => connection.close(),
  }
}

function refuse(): never {
  throw new TypeError('Kysely reads rows here and nothing else; a write goes through SqlEngine.write')
}
