/** What the role `revocations` keeps and promises. What a sentence means says `tokens/revocation.ts`. */

/** That something ended, told of tokens which were never stored. */
export interface Sentence {
  kind: string
  /** Digest of what it is about. */
  value: string
  /** What was issued at this second or before is dead; without it everything, whenever it was issued. */
  before?: number
  /** When nothing that it concerns can be alive any more. */
  endsAt: number
}

export interface KeptSentence extends Sentence {
  cursor: number
}

export interface RevocationList {
  /** Another database has another: cursors of one mean nothing in the other. */
  id: string
  /** The longest lifetime of a token that was ever in force, in seconds: shortening a setting drops no sentence early. */
  longestSeconds: number
}

export interface RevocationStore {
  /**
   * Inserts, or merges with what stands there: the later `before` and the later end stay. What says something new has a cursor above all that
   * were committed before, so that nobody who follows the cursors skips what committed late; what says nothing new changes nothing.
   */
  add(sentences: readonly Sentence[]): Promise<void>
  find(about: readonly Pick<Sentence, 'kind' | 'value'>[]): Promise<KeptSentence[]>
  /** Of the newest sentence that there ever was; 0 where there was none. */
  cursor(): Promise<number>
  /** In the order of their cursors, at most `limit`. */
  after(cursor: number, limit: number): Promise<KeptSentence[]>
  /** Names the list unless it has a name, and raises the longest lifetime if this one is longer. */
  begin(list: RevocationList): Promise<void>
  /** @returns undefined before the first `begin` */
  list(): Promise<RevocationList | undefined>
}
