/**
 * What the kit says no with. A caller's mistake is a `TypeError`; a "no" to a request is a `BearerError` with a stable `reason`.
 *
 * The reason is for the log and the `on` event; a client is told the error code of RFC 6750 and one sentence. Whatever is refused
 * before the signature was verified shares one sentence, so that nobody learns from answers how to forge. What is refused
 * afterwards the issuer did sign, and its holder may know what is wrong with it.
 */

/** Codes for `WWW-Authenticate`: RFC 6750 s3.1, RFC 9470 s3, RFC 9449 s7.1 and s9. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'

interface Answer {
  status: 400 | 401 | 403 | 503
  /** Absent where no error may be named: no credentials (RFC 6750 s3.1), or no fault of the client. */
  code?: ErrorCode
  description: string
}

const invalid = (description = 'The access token is not valid'): Answer => ({ status: 401, code: 'invalid_token', description })
const malformed = (description: string): Answer => ({ status: 400, code: 'invalid_request', description })

const answers = {
  // The request carries no usable credentials.
  missing_token: { status: 401, description: 'An access token is needed' },
  unsupported_scheme: { status: 401, description: 'An access token is needed' },
  malformed_header: malformed('The Authorization header is malformed'),
  several_headers: malformed('More than one Authorization header was sent'),
  token_in_query: malformed('An access token may not be sent in the URL'),

  // Before the signature is verified.
  malformed_token: invalid(),
  unsupported_algorithm: invalid(),
  unsupported_header: invalid(),
  not_an_access_token: invalid(),
  encrypted_token: invalid(),
  unknown_key: invalid(),
  /** The key is the issuer's, and published for tokens of other kinds. */
  misused_key: invalid(),
  bad_signature: invalid(),

  // Said by the prefix alone: whoever has a good key would else look for what is wrong with it.
  keys_not_taken: invalid('This resource takes no API keys'),
  // Anyone can make a checksum: to say that it is wrong helps only whoever mistyped a key.
  mistyped_key: invalid('The API key is mistyped or was cut off'),

  // The issuer signed it.
  invalid_claims: invalid('The access token lacks what RFC 9068 demands'),
  unfit_claims: invalid('The access token lacks claims that this resource needs'),
  wrong_issuer: invalid('The access token is from another issuer'),
  wrong_audience: invalid('The access token is not meant for this resource'),
  expired: invalid('The access token expired'),
  revoked: invalid('The access token was revoked'),
  not_yet_valid: invalid('The access token is not valid yet'),
  lifetime_too_long: invalid('The access token lives longer than this resource accepts'),
  sender_constrained: invalid('The access token is bound to a key and cannot be sent as Bearer'),
  not_bound: invalid('The access token is bound to no key and cannot be sent as DPoP'),
  binding_required: invalid('This resource takes tokens alone that are bound to a key'),

  // The token may be good; what came with it is not.
  invalid_proof: { status: 401, code: 'invalid_dpop_proof', description: 'The DPoP proof is not valid for this request' },
  nonce_needed: { status: 401, code: 'use_dpop_nonce', description: 'The DPoP proof needs the nonce of this answer' },

  // A good token, and not enough.
  insufficient_scope: { status: 403, code: 'insufficient_scope', description: 'The access token lacks a scope' },
  authentication_too_old: {
    status: 401,
    code: 'insufficient_user_authentication',
    description: 'A more recent sign-in is required',
  },
  authentication_too_weak: {
    status: 401,
    code: 'insufficient_user_authentication',
    description: 'A stronger sign-in is required',
  },

  // Nothing can be said about the token: a 401 would make clients throw good tokens away.
  revocations_unavailable: { status: 503, description: 'What the issuer revoked cannot be had at the moment' },
  keys_unavailable: { status: 503, description: 'The keys of the issuer cannot be had at the moment' },
} as const satisfies Record<string, Answer>

/** Why a request was refused. Stable: logs and alerts may be written against it. */
export type Reason = keyof typeof answers

/** A "no" to whoever sent the request. `message` is the sentence that they are shown; `cause` is for the log alone. */
export class BearerError extends Error {
  readonly reason: Reason
  readonly code: ErrorCode | undefined
  readonly status: number
  /** Seconds after which trying again makes sense; set with 503 only. */
  readonly retryAfter: number | undefined

  constructor(reason: Reason, options: { retryAfter?: number; cause?: unknown } = {}) {
    const answer: Answer = answers[reason]
    super(answer.description, { cause: options.cause })
    this.name = 'BearerError'
    this.reason = reason
    this.code = answer.code
    this.status = answer.status
    this.retryAfter = options.retryAfter
  }
}

/** As the sender is told: whoever was given a key for a script may never have heard of access tokens. */
export const sentenceOf = ({ message }: BearerError, isKey: boolean): string =>
  isKey ? message.replace('access token', 'API key') : message
