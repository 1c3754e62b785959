/** Removed accounts, in a SQL table, and what must not bring one back. */
import type { Insertable } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { Asked, Tombstone } from '../store.ts'
import { insertIf } from './conditional.ts'
import type { SqlEngine } from './engine.ts'
import type { AccountTable } from './tables.ts'

export function sqlTombstones(engine: SqlEngine, now: Clock) {
  const { db } = engine
  /** They are few, so that the sweep of every other write need not look here. */
  const swept = () => engine.write(db.deleteFrom('removed').where('expires_at', '<=', now()))
  const of = ({ at, digests }: Asked) =>
    db.selectFrom('removed').select('removed.digest').where('digest', 'in', digests).where('removed_at', '>=', at)

  return {
    /** If there is such an account. To be begun before it is removed, in the same turn. */
    async set({ digests, removedAt, expiresAt }: Tombstone, ifThere: { account: string }): Promise<void> {
      const columns = { removed_at: removedAt, expires_at: expiresAt }
      await Promise.all([
        swept(),
        ...digests.map((digest) =>
          engine.write(
            insertIf(db, 'removed', { digest, ...columns }, ifThere).onConflict((conflict) =>
              conflict.column('digest').doUpdateSet(columns),
            ),
          ),
        ),
      ])
    },
    async addUnlessRemoved(row: Insertable<AccountTable>, asked: Asked): Promise<boolean> {
      const names = Object.keys(row) as (keyof AccountTable)[]
      const insert = db
        .insertInto('accounts')
        .columns(names)
        .expression(
          db
            .selectNoFrom((column) => names.map((name) => column.val(row[name]).as(name)))
            .where(({ not, exists }) => not(exists(of(asked)))) as never,
        )
        .onConflict((conflict) => conflict.doNothing())
      const [, { changes }] = await Promise.all([swept(), engine.write(insert)])
      return changes === 1
    },
    have: async (asked: Asked): Promise<boolean> => (await of(asked).limit(1).executeTakeFirst()) !== undefined,
  }
}
