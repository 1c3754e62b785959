/**
 * What the server keeps, by role, and what each role promises. Every engine runs the same contract test
 * (`test/store/contract.ts`); an engine offers the roles that it can. Times are seconds since the epoch.
 *
 * Promises that hold for every role:
 * - a refused operation fails alone, even when it shared a commit with others;
 * - an answer waits for the commit that it depends on;
 * - a row past its expiry is never returned, and leaves by itself: there is no janitor.
 */
import type { AccountStore } from './accounts.ts'
import type { AuditStore, Condition } from './audit.ts'
import type { KeyStore } from './keys.ts'
import type { RevocationStore } from './revocations.ts'

export type { Account, AccountChange, AccountStore, Asked, CredentialsChange, EmailChange, Tombstone } from './accounts.ts'
export type { ApiKeyRow, KeyOwner, KeyStore, OwnerAsRead } from './keys.ts'
export type { KeptSentence, RevocationList, RevocationStore, Sentence } from './revocations.ts'

/** A record that oidc-provider keeps: a session, a grant, a code, a refresh token, … */
export interface Artifact {
  /** The kind of record, as oidc-provider names its models. */
  model: string
  /** Digest of the bearer value; the value itself never reaches the store. */
  id: string
  /** Sealed; the store cannot read it. */
  payload: string
  expiresAt: number
  /** Digest of a second key by which a session is found. */
  uid?: string
  /** Keyed digest of the short code that a person types. */
  userCode?: string
  account?: string
  client?: string
  /** Digest of the grant that this record hangs on. */
  grant?: string
  consumedAt?: number
  /** A whole number that whoever replaces the row counts up; 0 unless said. */
  version?: number
}

/** What a set of artifacts has in common, for ending them together. Exactly one member. */
export type ArtifactBond = { grant: string } | { account: string } | { client: string }

export interface ArtifactStore {
  /** Inserts, or replaces what stands under the same model and id. Replacing keeps `consumedAt`: what was used stays used. */
  put(artifact: Artifact): Promise<void>
  /** @returns false when a living row of this model and id exists, which then stays as it was: a replay guard. */
  insert(artifact: Artifact): Promise<boolean>
  /**
   * Compare-and-swap: replaces the living row of this model and id if its version is the expected one. Keeps `consumedAt`.
   * Of N concurrent calls that expect one version and write another exactly one returns true. False also when there is no living row.
   */
  replace(artifact: Artifact, expectedVersion: number): Promise<boolean>
  find(model: string, id: string): Promise<Artifact | undefined>
  findByUid(model: string, uid: string): Promise<Artifact | undefined>
  findByUserCode(model: string, userCode: string): Promise<Artifact | undefined>
  /** Compare-and-swap: of N concurrent calls exactly one returns true. False also when there is no living row. */
  consume(model: string, id: string): Promise<boolean>
  remove(model: string, id: string): Promise<void>
  /** The grants that living artifacts so bound hang on, each once. */
  grantsOf(bond: ArtifactBond): Promise<string[]>
  /** Removes every artifact so bound, of every model. @returns how many. */
  removeBound(bond: ArtifactBond): Promise<number>
  /** Every living artifact that is there from first to last, once at least, at most about `size` at a time. Those that come or go meanwhile may be seen. */
  pages(size: number): AsyncIterable<Artifact[]>
  /** Compare-and-swap: gives a living artifact another payload if its payload is still what was read, and changes nothing else of it. */
  reseal(read: Artifact, payload: string): Promise<boolean>
}

/** A registered client. `registration` is JSON that the floor above reads; the store does not look inside. */
export interface ClientRow {
  id: string
  registration: string
  demo: boolean
  createdAt: number
}

export interface ClientStore {
  /** @returns false when the id is taken. */
  add(client: ClientRow): Promise<boolean>
  /** Inserts or replaces. */
  put(client: ClientRow): Promise<void>
  /** Compare-and-swap: replaces a client whose registration is still the one that was read. @returns false when it is not. */
  replace(client: ClientRow, read: string): Promise<boolean>
  find(id: string): Promise<ClientRow | undefined>
  /** @returns false when there was none. */
  remove(id: string): Promise<boolean>
  /** Whether any client is the demo's. */
  hasDemo(): Promise<boolean>
  /** By id, at most `limit`, after the given id. */
  list(limit: number, afterId?: string): Promise<ClientRow[]>
}

export interface CounterStore {
  /**
   * Adds one to a counter and returns the new value. The first hit opens a window of `windowSeconds`; after its end the counter is gone.
   * Concurrent hits never return the same value within a window.
   */
  hit(key: string, windowSeconds: number): Promise<{ count: number; endsAt: number }>
  /** Takes one hit back, of the window that ends then; nothing when that is over. */
  takeBack(key: string, endsAt: number): Promise<void>
}

/** That a session ended, owed to a client that is to be told of it. Nothing in it is a bearer value. */
export interface Notice {
  id: string
  client: string
  account: string
  /** The session as that client knows it, by its `sid`. */
  session: string
  expiresAt: number
}

export interface NoticeStore {
  add(notice: Notice): Promise<void>
  remove(id: string): Promise<void>
  /** Those that end first, at most `limit`, of all or of those whose ids begin so. */
  list(limit: number, prefix?: string): Promise<Notice[]>
}

/** A letter that is owed to a person. Sealed; the store cannot read it. */
export interface LetterRow {
  id: string
  sealed: string
  expiresAt: number
}

export interface LetterStore {
  /**
   * @param ifThere judged when the row is written, behind what was begun before it in the same turn; else nothing is written
   * @returns whether it was
   */
  add(letter: LetterRow, ifThere?: Condition): Promise<boolean>
  /** @returns false when there was none. */
  remove(id: string): Promise<boolean>
  /** Those that end first, at most `limit`, of all or of those whose ids begin so. */
  list(limit: number, prefix?: string): Promise<LetterRow[]>
  /** Compare-and-swap: seals otherwise what is still as it was read. */
  reseal(read: LetterRow, sealed: string): Promise<boolean>
}

/** A sealed value under a name: a few of this server's own that have to last, none of a person's. */
export interface VaultEntry {
  name: string
  sealed: string
}

export interface VaultStore {
  /** @returns false when the name is taken, whose value then stays. */
  add(entry: VaultEntry): Promise<boolean>
  find(name: string): Promise<string | undefined>
  /** All whose names begin so, by name. */
  list(prefix: string): Promise<VaultEntry[]>
  /** Compare-and-swap. @returns false when another value than the one that was read stands there, or none */
  replace(entry: VaultEntry, read: string): Promise<boolean>
  /** @returns false when there was none. */
  remove(name: string): Promise<boolean>
}

/** One life of the database. Restoring a backup begins another: what was revoked in between is not in the backup. */
export interface Lineage {
  id: string
  /** Nothing that was issued at this second or before is good. */
  beganAt: number
}

export interface LineageStore {
  /** @returns undefined as long as no backup was ever restored. */
  current(): Promise<Lineage | undefined>
  begin(lineage: Lineage): Promise<void>
}

export interface Store {
  /** Survive `kill -9` and power loss once acknowledged. */
  artifacts: ArtifactStore
  /** What strangers need for a moment. May be lost with the machine's power; bounded. */
  volatile: ArtifactStore
  accounts: AccountStore
  clients: ClientStore
  keys: KeyStore
  notices: NoticeStore
  letters: LetterStore
  revocations: RevocationStore
  lineage: LineageStore
  vault: VaultStore
  audit: AuditStore
  /** Volatile as well. */
  counters: CounterStore
  /** Whether every part could write at this moment. Adds nothing. @throws what a write would throw */
  check(): Promise<void>
  close(): Promise<void>
}
