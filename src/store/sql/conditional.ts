/** A row that is written if what it tells of was done: it stands behind that statement, in the same transaction. */
import type { Insertable, InsertQueryBuilder, InsertResult, Kysely } from 'kysely'
import type { Condition } from '../audit.ts'
import type { Tables } from './tables.ts'

export function insertIf<T extends 'audit' | 'letters' | 'removed'>(
  db: Kysely<Tables>,
  table: T,
  columns: Insertable<Tables[T]>,
  there: Condition,
): InsertQueryBuilder<Tables, T, InsertResult> {
  const names = Object.keys(columns) as (keyof Insertable<Tables[T]> & string)[]
  const values = columns as Record<string, unknown>
  return db
    .insertInto(table)
    .columns(names as never)
    .expression(
      db
        .selectNoFrom((of) => names.map((name) => of.val(values[name]).as(name)))
        .where(({ exists, selectFrom }) =>
          exists(
            'account' in there
              ? selectFrom('accounts')
                  .select('accounts.id')
                  .where('accounts.id', '=', there.account)
                  .$if(there.credentialsVersion !== undefined, (of) =>
                    of.where('accounts.credentials_version', '=', there.credentialsVersion as number),
                  )
              : 'keys' in there
                ? selectFrom('api_keys').select('api_keys.jti').where('api_keys.jti', 'in', there.keys)
                : selectFrom('clients')
                    .select('clients.id')
                    .where('clients.id', '=', there.client)
                    .where('clients.registration', '=', there.registration),
          ),
        ) as never,
    )
}
