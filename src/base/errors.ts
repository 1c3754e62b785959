/** What Signet says no with. A caller's mistake is a `TypeError`; a "no" to the outside is a `Refusal`. */

/** What whoever is refused can do now: said on a page, not to programs. */
export interface NextStep {
  heading?: string
  sentence?: string
  /** A button; `href` is a path of ours. */
  way?: { href: string; label: string }
}

export interface RefusalOptions {
  /** HTTP status that fits this refusal; 400 unless said. */
  status?: number
  /** For the log alone; never shown to whoever is refused. */
  detail?: Record<string, unknown>
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number
  /** Where the usual advice, to go back to the app, leads nowhere. */
  next?: NextStep | undefined
  cause?: unknown
}

/** A "no": a stable code for programs, a sentence for its reader, a detail for the log alone. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly detail: Record<string, unknown> | undefined
  readonly retryAfterSeconds: number | undefined
  readonly next: NextStep | undefined

  constructor(code: string, sentence: string, options: RefusalOptions = {}) {
    super(sentence, { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.status = options.status ?? 400
    this.detail = options.detail
    this.retryAfterSeconds = options.retryAfterSeconds
    this.next = options.next
  }
}
