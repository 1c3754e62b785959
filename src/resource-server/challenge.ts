/** How "no" is said over HTTP: status, `WWW-Authenticate` (RFC 6750 s3, RFC 9728 s5.1, RFC 9470 s3, RFC 9449 s7.1) and a body for programs. */
import type { Scheme } from './credentials.ts'
import { proofAlgorithms } from './dpop.ts'
import { type BearerError, sentenceOf } from './errors.ts'
import { type Need, scopesToAskFor } from './requirement.ts'

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Nothing where no error may be named: RFC 6750 s3.1. */
  readonly body: { readonly error: string; readonly error_description: string } | undefined
}

interface Place {
  metadataUrl: string
  /** The schemes that this API takes. */
  schemes: readonly Scheme[]
  /** The scheme that the request used: its challenge says what was wrong (RFC 9449 s7.2). */
  used: Scheme | undefined
  nonce: string | undefined
  /** Whether what was sent is written as an API key. */
  isKey: boolean
}

export function refusalOf<S extends string>(error: BearerError, need: Need<S>, place: Place): Refusal {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (error.retryAfter !== undefined) headers['Retry-After'] = String(error.retryAfter)
  if (error.status !== 503) headers['WWW-Authenticate'] = challenges(error, need, place)
  if (place.nonce !== undefined) headers['DPoP-Nonce'] = place.nonce
  const body = error.code && { error: error.code, error_description: sentenceOf(error, place.isKey) }
  return { status: error.status, headers, body }
}

/** One for each scheme; where something was wrong, it is said in the challenge of the scheme that was used, and the others are but named. */
function challenges<S extends string>(error: BearerError, need: Need<S>, { metadataUrl, schemes, used, isKey }: Place): string {
  const concerned = error.code === undefined ? schemes : schemes.filter((scheme) => scheme === (used ?? schemes[0]))
  const parameters = parametersOf(error, need, metadataUrl, isKey)
  return schemes
    .map((scheme) => {
      const said = Object.entries(concerned.includes(scheme) ? parameters : {})
      if (scheme === 'DPoP') said.push(['algs', proofAlgorithms.join(' ')])
      return [scheme, said.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')].join(' ').trim()
    })
    .join(', ')
}

function parametersOf<S extends string>(
  error: BearerError,
  need: Need<S>,
  metadataUrl: string,
  isKey: boolean,
): Record<string, string> {
  const parameters: Record<string, string> = {}
  if (error.code) parameters.error = error.code
  if (error.code === 'invalid_token') parameters.error_description = sentenceOf(error, isKey)
  if (error.code === undefined || error.code === 'insufficient_scope') parameters.scope = scopesToAskFor(need).join(' ')
  if (error.code === 'insufficient_user_authentication') {
    // All that the operation asks of the sign-in, whichever of it was missed: one more sign-in is then enough.
    if (need.maxAge !== undefined) parameters.max_age = String(need.maxAge)
    parameters.acr_values = need.acr.join(' ')
  }
  // Where to learn how a token is had. A request that is malformed would not be cured by one.
  if (error.status !== 400) parameters.resource_metadata = metadataUrl
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''))
}

/** RFC 9110 s5.6.4. What comes here is printable ASCII by the checks on scopes, `acr` values and URLs; two characters of it need an escape. */
const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`
