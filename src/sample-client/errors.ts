/** What this app gives up with; `trouble.ts` says it to whoever sits there. */

/** Something that a person can put right. */
export class Trouble extends Error {
  readonly heading: string
  readonly status: number

  constructor(heading: string, sentence: string, status = 400) {
    super(sentence)
    this.heading = heading
    this.status = status
  }
}

/** Nobody answers there; nothing is known to be wrong with the request. */
export class Unreachable extends Error {}
