/** The role of the audit log, see `store.ts`: who did what, to be read by operators. */

/** That somebody did something which changes who may do what. Nothing in it is a secret. */
export interface NewAuditRow {
  at: number
  expiresAt: number
  /** `operator:<user of the machine>`, `account:<subject>`, `client:<id>` */
  actor: string
  act: string
  /** Whom it is about, as far as it is about somebody. */
  account?: string | undefined
  client?: string | undefined
  /** A network, or `command line`. */
  from: string
  request?: string | undefined
  detail: Record<string, unknown>
}

export interface AuditRow extends NewAuditRow {
  /** In the order of the commits. */
  id: number
}

export interface AuditFilter {
  /** Of that second or later. */
  since?: number | undefined
  afterId?: number | undefined
  act?: string | undefined
  account?: string | undefined
  client?: string | undefined
}

/** That there is such an account, by these very credentials if a version is given, or a client with this very registration, or one of these API keys, by jti. */
export type Condition =
  | { account: string; credentialsVersion?: number }
  | { client: string; registration: string }
  | { keys: readonly string[] }

export interface AuditStore {
  /** @param ifThere judged when the row is written, behind what was begun before it in the same turn; else nothing is written */
  add(row: NewAuditRow, ifThere?: Condition): Promise<void>
  list(filter: AuditFilter, limit: number, order?: 'newest first' | 'oldest first'): Promise<AuditRow[]>
}
