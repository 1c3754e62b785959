/**
 * The tables as Kysely sees them. Only what SQLite and PostgreSQL both have is used: times are whole seconds,
 * truth values are 0 and 1, lists are JSON text.
 */
import type { Generated } from 'kysely'

export interface ArtifactTable {
  model: string
  id: string
  payload: string
  expires_at: number
  uid: string | null
  user_code: string | null
  account_id: string | null
  client_id: string | null
  grant_id: string | null
  consumed_at: number | null
  version: number
}

export interface AccountTable {
  id: string
  email: string
  email_key: string
  name: string
  password_hash: string
  roles: string
  demo: number
  created_at: number
  disabled_at: number | null
  access_ended_at: number | null
  claims: string
  credentials_version: number
  email_verified_at: number | null
  email_changes: string
  sign_in_version: number | null
}

export interface ClientTable {
  id: string
  registration: string
  demo: number
  created_at: number
}

export interface CounterTable {
  name: string
  count: number
  ends_at: number
}

export interface ApiKeyTable {
  jti: string
  kid: string
  account_id: string | null
  client_id: string | null
  name: string
  audience: string
  scopes: string
  created_at: number
  expires_at: number
}

export interface NoticeTable {
  id: string
  client_id: string
  account_id: string
  session_id: string
  expires_at: number
}

export interface LetterTable {
  id: string
  sealed: string
  expires_at: number
}

export interface RemovedTable {
  digest: string
  removed_at: number
  expires_at: number
}

export interface RevocationTable {
  kind: string
  value: string
  before_at: number
  ends_at: number
  cursor: number
}

/** One row at most. */
export interface RevocationListTable {
  place: number
  id: string
  longest_seconds: number
}

export interface LineageTable {
  id: string
  began_at: number
}

export interface VaultTable {
  name: string
  sealed: string
}

export interface AuditTable {
  id: Generated<number>
  at: number
  expires_at: number
  actor: string
  act: string
  account_id: string | null
  client_id: string | null
  origin: string
  request: string | null
  detail: string
}

export interface Tables {
  audit: AuditTable
  artifacts: ArtifactTable
  accounts: AccountTable
  clients: ClientTable
  counters: CounterTable
  api_keys: ApiKeyTable
  notices: NoticeTable
  letters: LetterTable
  removed: RemovedTable
  revocations: RevocationTable
  revocation_list: RevocationListTable
  lineage: LineageTable
  vault: VaultTable
}
