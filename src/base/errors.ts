/** What Signet says no with. A caller's mistake is a `TypeError`; a "no" to the outside is a `Refusal`. */

export interface RefusalOptions {
  /** HTTP status that fits this refusal; 400 unless said. */
  status?: number
  /** For the log alone; never shown to whoever is refused. */
  detail?: Record<string, unknown>
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number
  cause?: unknown
}

/** A "no": a stable code for programs, a sentence for its reader, a detail for the log alone. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly detail: Record<string, unknown> | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, sentence: string, options: RefusalOptions = {}) {
    super(sentence, { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.status = options.status ?? 400
    this.detail = options.detail
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
