/**
 * The audit log: who did what, when, from where, as far as it changes who may do what. What strangers do is not in it, so that they add no
 * row, but for the end of an API key that one of them found; what was refused is in the log alone. An entry is durable before its act is acknowledged,
 * and where both are rows, in one commit.
 */
import type { Clock } from '../base/clock.ts'
import { currentRequest } from '../base/request.ts'
import type { AuditFilter, AuditRow, AuditStore, Condition } from '../store/audit.ts'
import type { Act } from './acts.ts'

/** A stranger is whoever shows an API key that leaked: it says who they are no more than it did to them. */
export type Actor = `operator:${string}` | `account:${string}` | `client:${string}` | 'stranger'

export interface What {
  /** Whoever runs this process, unless given. */
  actor?: Actor | undefined
  /** Whom it is about. */
  account?: string | undefined
  client?: string | undefined
  /** A network; `command line` unless given. */
  from?: string | undefined
  /** No secret, and nothing that a person typed. */
  detail?: Record<string, unknown>
  ifThere?: Condition
}

export interface Audit {
  /** Resolves when the entry outlives this process. */
  record(act: Act, what: What): Promise<void>
  list(filter: AuditFilter, limit: number): Promise<AuditRow[]>
}

const daySeconds = 86_400

export interface AuditParts {
  store: AuditStore
  /** Whoever runs this process, by the name that the machine has for them. */
  operator: string
  keepDays: number
  now: Clock
}

export function createAudit({ store, operator, keepDays, now }: AuditParts): Audit {
  return {
    record(act, { actor = `operator:${operator}`, from = 'command line', detail = {}, account, client, ifThere }) {
      const at = now()
      const expiresAt = at + keepDays * daySeconds
      return store.add({ at, expiresAt, actor, act, account, client, from, request: currentRequest(), detail }, ifThere)
    },
    list: (filter, limit) => store.list(filter, limit),
  }
}
