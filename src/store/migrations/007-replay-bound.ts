/**
 * A bound of their own for the replay guards of clients that authenticate: what strangers fill does not stop them. The rows stay in their
 * table; the triggers count them apart. The fifth step of the volatile database, in SQLite's own words.
 */
import { CompiledQuery } from 'kysely'
import { STORE_FULL } from './003-bounds.ts'
import type { Migration } from './migration.ts'

const boundOf = (row: 'new' | 'old') => `case ${row}.model when 'ReplayDetection' then 'replays' else 'artifacts' end`

export const replayBound: Migration = () =>
  [
    "insert into bounds (of, row_count, at_most) select 'replays', count(*), 0 from artifacts where model = 'ReplayDetection'",
    "update bounds set row_count = row_count - (select row_count from bounds where of = 'replays') where of = 'artifacts'",
    'drop trigger artifacts_in',
    'drop trigger artifacts_out',
    `create trigger artifacts_in after insert on artifacts begin
       update bounds set row_count = row_count + 1 where of = ${boundOf('new')};
       select raise(abort, '${STORE_FULL}') from bounds where of = ${boundOf('new')} and row_count > at_most;
     end`,
    `create trigger artifacts_out after delete on artifacts begin
       update bounds set row_count = row_count - 1 where of = ${boundOf('old')};
     end`,
  ].map((text) => CompiledQuery.raw(text))
