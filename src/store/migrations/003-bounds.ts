/**
 * A bound on the rows of the volatile tables, kept by SQLite itself: triggers keep the tally in the same transaction, so that it holds
 * for several processes and after a crash, and counting a full table on every insert is not needed. AFTER INSERT does not fire when an
 * upsert updates: what is already in a full table can still change. The third step of the volatile database, in SQLite's own words.
 */
import { CompiledQuery } from 'kysely'
import type { Migration } from './migration.ts'

/** What a refusing trigger says; the engine knows it by this word. */
export const STORE_FULL = 'store_full'

export const bounds: Migration = () =>
  [
    'create table bounds (of text not null primary key, row_count integer not null, at_most integer not null)',
    ...['artifacts', 'counters'].flatMap((table) => [
      // The bound itself is an option, written each time the file is opened.
      `insert into bounds (of, row_count, at_most) select '${table}', count(*), 0 from ${table}`,
      `create trigger ${table}_in after insert on ${table} begin
         update bounds set row_count = row_count + 1 where of = '${table}';
         select raise(abort, '${STORE_FULL}') from bounds where of = '${table}' and row_count > at_most;
       end`,
      `create trigger ${table}_out after delete on ${table} begin
         update bounds set row_count = row_count - 1 where of = '${table}';
       end`,
    ]),
  ].map((text) => CompiledQuery.raw(text))
