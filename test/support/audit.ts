/** An audit log on a store, for parts that a test puts together by itself. */
import { type Audit, createAudit } from '../../src/audit/audit.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { Store } from '../../src/store/store.ts'

export const auditOf = (store: Store, now: Clock): Audit =>
  createAudit({ store: store.audit, operator: 'tester', keepDays: 1, now })
