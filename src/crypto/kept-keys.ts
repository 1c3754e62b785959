/**
 * The two keys that outlast every secret. They lie in the store, sealed by the secret of the day, and a new secret changes neither: a person
 * would be somebody else to every client that knows them by a pairwise subject, and a browser that stays away while the secrets change would
 * come back with a cookie that is no good.
 */
export interface KeptKeys {
  /** Of pairwise subjects (OpenID Connect Core s8.1). */
  subjects: Buffer
  /** Signs the library's cookies, which hold nothing but random ids: who has it can forge none that opens a session. */
  cookies: string
}
