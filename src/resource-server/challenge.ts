/** How "no" is said over HTTP: status, `WWW-Authenticate` (RFC 6750 s3, RFC 9728 s5.1, RFC 9470 s3) and a body for programs. */
import type { BearerError } from './errors.ts'
import { type Need, scopesToAskFor } from './requirement.ts'

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Nothing where no error may be named: RFC 6750 s3.1. */
  readonly body: { readonly error: string; readonly error_description: string } | undefined
}

export function refusalOf<S extends string>(error: BearerError, need: Need<S>, metadataUrl: string): Refusal {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (error.retryAfter !== undefined) headers['Retry-After'] = String(error.retryAfter)
  if (error.status !== 503) headers['WWW-Authenticate'] = challenge(error, need, metadataUrl)
  const body = error.code && { error: error.code, error_description: error.message }
  return { status: error.status, headers, body }
}

function challenge<S extends string>(error: BearerError, need: Need<S>, metadataUrl: string): string {
  const parameters: Record<string, string> = {}
  if (error.code) parameters.error = error.code
  if (error.code === 'invalid_token') parameters.error_description = error.message
  if (error.code === undefined || error.code === 'insufficient_scope') parameters.scope = scopesToAskFor(need).join(' ')
  if (error.code === 'insufficient_user_authentication') {
    // All that the operation asks of the sign-in, whichever of it was missed: one more sign-in is then enough.
    if (need.maxAge !== undefined) parameters.max_age = String(need.maxAge)
    parameters.acr_values = need.acr.join(' ')
  }
  // Where to learn how a token is had. A request that is malformed would not be cured by one.
  if (error.status !== 400) parameters.resource_metadata = metadataUrl
  const said = Object.entries(parameters).filter(([, value]) => value !== '')
  return `Bearer ${said.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')}`
}

/** RFC 9110 s5.6.4. What comes here is printable ASCII by the checks on scopes, `acr` values and URLs; two characters of it need an escape. */
const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`
