/** The role of accounts, see `store.ts`: people, and by what they are let in and written to. */

/** A person. `email` as typed; `emailKey` is its canonical form and is unique. */
export interface Account {
  /** Random; the `sub` of tokens. */
  id: string
  email: string
  emailKey: string
  name: string
  passwordHash: string
  roles: string[]
  /** Standard claims of OpenID Connect beside the name and the address; the store does not look inside. */
  claims: Record<string, unknown>
  /** Made by `npm start` for a first try, with a known password; production refuses to start beside it. */
  demo: boolean
  createdAt: number
  disabledAt?: number
  /** Whoever signed in at this second or before is signed in no more, whatever session or token says so. */
  accessEndedAt?: number
  /**
   * Drawn anew with each change of the password or the address, and kept when the same password is hashed anew: so it stands for both, and what
   * hangs on it is over once either changes. A number that counted up could come back with a backup, and two that race would write the same.
   */
  credentialsVersion: number
  /** Since when this address is known to be the person's. */
  emailVerifiedAt?: number
  /** The latest changes of the address that can be taken back, the first one first; absent when there are none. */
  emailChanges?: EmailChange[]
  /** Drawn anew with each sign-in where links sign people in; absent before the first. */
  signInVersion?: number
}

export interface EmailChange {
  /** The credentials version that it made, by which it is known. */
  version: number
  at: number
}

/** A version that is given here moves whatever it was. */
export type AccountChange = Partial<
  Pick<Account, 'name' | 'roles' | 'disabledAt' | 'accessEndedAt' | 'claims' | 'credentialsVersion'>
>

/** By what a person is let in and written to; an explicit `emailVerifiedAt: undefined` takes it back. */
export type CredentialsChange = AccountChange &
  Pick<Account, 'credentialsVersion'> &
  Partial<Pick<Account, 'passwordHash' | 'email' | 'emailKey' | 'emailVerifiedAt' | 'emailChanges'>>

/** That an account was removed, by digests under which it is known again. */
export interface Tombstone {
  digests: string[]
  removedAt: number
  /** After which nothing brings it back. */
  expiresAt: number
}

/** Something that was asked for at some time, and the digests under which a removed account would be known that ended it. */
export interface Asked {
  /** Seconds since the epoch. */
  at: number
  digests: string[]
}

export interface AccountStore {
  /** @returns false when the e-mail key is taken. */
  add(account: Account): Promise<boolean>
  /**
   * Adds one if `wasRemoved` says no of it in the same commit. @returns false also when the e-mail key or the id is taken: what is used twice adds one
   */
  addAsked(account: Account, asked: Asked): Promise<boolean>
  /** Whether anything of these digests was removed in the second in which it was asked for, or later. */
  wasRemoved(asked: Asked): Promise<boolean>
  find(id: string): Promise<Account | undefined>
  findByEmailKey(emailKey: string): Promise<Account | undefined>
  /** An explicit `disabledAt: undefined` enables. @returns false when there is no such account. */
  change(id: string, change: AccountChange): Promise<boolean>
  /**
   * Compare-and-swap: changes an account whose credentials are those of the expected version. Of N concurrent calls that expect one version and
   * write another exactly one returns true. False also when there is no such account, or when the address is another account's by then.
   */
  changeIf(id: string, expectedVersion: number, change: CredentialsChange): Promise<boolean>
  /** Compare-and-swap: another hash of the same password takes the place of the one that was read; the version stays. */
  replaceHash(id: string, read: string, next: string): Promise<boolean>
  /** Its next sign-in version: compare-and-swap if versions are expected. @returns false when it has others, or there is no such account */
  noteSignIn(id: string, next: number, expected?: Pick<Account, 'signInVersion' | 'credentialsVersion'>): Promise<boolean>
  /** For good, with what keeps it from being brought back. @returns false when there is no such account */
  remove(id: string, tombstone: Tombstone): Promise<boolean>
  /** Whether any account is the demo's. */
  hasDemo(): Promise<boolean>
  /** By e-mail, at most `limit`, after the given e-mail key. */
  list(limit: number, afterEmailKey?: string): Promise<Account[]>
}
