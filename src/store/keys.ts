/** What the role `keys` keeps and promises: API keys that are alive, as far as it has to be known of them. No key can be made from a row. */
import type { Account } from './accounts.ts'
import type { Sentence } from './revocations.ts'

export type KeyOwner = { account: string } | { client: string }

interface KeyFacts {
  /** The key's own id, in clear: it bears no access, which takes the signature over it. */
  jti: string
  /** The key that signed it, which it dies with. */
  kid: string
  /** What its owner calls it. */
  name: string
  /** The identifier of the API that it is for. */
  audience: string
  scopes: string[]
  createdAt: number
  expiresAt: number
}

/** A person's or a machine's. */
export type ApiKeyRow = KeyFacts & ({ account: string; client?: undefined } | { account?: undefined; client: string })

/**
 * What a key's owner was when it was judged that they may have it. An account: enabled, and with these roles, these credentials and this end of
 * access. A client: registered like this; one that is declared in the settings has no row to be compared.
 */
export type OwnerAsRead =
  | { account: Pick<Account, 'id' | 'roles' | 'credentialsVersion' | 'accessEndedAt'> }
  | { client: { id: string; registration: string } }
  | 'declared'

export interface KeyStore {
  /**
   * Adds a key if its owner is still as they were read, and has fewer than `most` that are alive, and if no living sentence about any of these is of
   * the second in which it is made, or later, or for good. All judged when the row is written: of any number at once no more are added, and none behind
   * what would have ended it.
   * @returns whether it was
   */
  add(key: ApiKeyRow, owner: OwnerAsRead, most: number, about?: readonly Pick<Sentence, 'kind' | 'value'>[]): Promise<boolean>
  find(jti: string): Promise<ApiKeyRow | undefined>
  /** The newest first. */
  of(owner: KeyOwner, limit: number): Promise<ApiKeyRow[]>
  /** Of everybody, by jti, at most `limit`, after the given one. */
  list(limit: number, afterJti?: string): Promise<ApiKeyRow[]>
  /** Of N concurrent calls exactly one returns true. False also when there is none, or its end is over. */
  remove(jti: string): Promise<boolean>
}
