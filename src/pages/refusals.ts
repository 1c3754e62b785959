/**
 * How "no" is said: to a program as RFC 6749 s5.2 says, to a person as a page that tells what to do next.
 * Only what was meant for the outside gets there: of an error that is neither a `Refusal` nor an OAuth error, nothing does.
 */
import { type NextStep, Refusal } from '../base/errors.ts'
import type { Pages } from './render.ts'

/** As oidc-provider hands it to `renderError`, or throws it. */
export interface OAuthError {
  error: string
  error_description?: string | undefined
  status?: number | undefined
}

export interface Asked {
  /** What the client prefers; `ctx.accepts('json', 'html')` knows. */
  as: 'html' | 'json'
  /** Leads the operator to the line in the log. */
  requestId?: string | undefined
  /** Where "Go back" leads; a path of ours or a web URL. */
  backHref?: string | undefined
}

export interface Answer {
  status: number
  type: string
  body: string
  headers: Record<string, string>
}

export interface Refusals {
  /** @param no a `Refusal`, an `OAuthError`, or whatever else was thrown */
  answer(no: unknown, asked: Asked): Answer
}

interface Said {
  code: string
  sentence: string
  status: number
  retryAfterSeconds?: number | undefined
  next?: NextStep | undefined
}

export function createRefusals(pages: Pages): Refusals {
  return {
    answer(no, asked) {
      const said = whatToSay(no)
      const headers: Record<string, string> = { 'cache-control': 'no-store' }
      if (said.retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(said.retryAfterSeconds))
      return asked.as === 'json'
        ? { status: said.status, type: 'application/json', body: jsonOf(said), headers }
        : { status: said.status, type: 'text/html; charset=utf-8', body: htmlOf(pages, said, asked), headers }
    },
  }
}

function whatToSay(no: unknown): Said {
  if (no instanceof Refusal) {
    const { code, message: sentence, status, retryAfterSeconds, next } = no
    return { code, sentence, status, retryAfterSeconds, next }
  }
  if (isOAuthError(no) && no.error !== 'server_error') {
    return {
      code: no.error,
      sentence: no.error_description ?? 'The request was refused.',
      status: no.status ?? statusOf(no.error),
    }
  }
  return { code: 'server_error', sentence: 'Something unexpected happened on our side.', status: 500 }
}

function isOAuthError(no: unknown): no is OAuthError {
  if (typeof no !== 'object' || no === null || !('error' in no) || typeof no.error !== 'string') return false
  return !('error_description' in no) || no.error_description === undefined || typeof no.error_description === 'string'
}

function statusOf(code: string): number {
  // RFC 6749 s5.2 and RFC 6750 s3.1; whatever is not named there is a bad request.
  if (code === 'invalid_client' || code === 'invalid_token') return 401
  if (code === 'access_denied' || code === 'insufficient_scope') return 403
  return code === 'temporarily_unavailable' ? 503 : 400
}

function jsonOf({ code, sentence }: Said): string {
  return JSON.stringify({ error: plainAscii(code), error_description: plainAscii(sentence) })
}

/** RFC 6749 s5.2: both members are %x20-21 / %x23-5B / %x5D-7E. */
function plainAscii(text: string): string {
  return text
    .replace(/["“”‘’]/g, "'")
    .replace(/[–—]/g, '-')
    .replace(/[^\x20-\x7e]|\\/gu, '?')
}

function htmlOf(pages: Pages, said: Said, { requestId, backHref }: Asked): string {
  if (said.code === 'not_found') return pages.render('notFound', { requestId })
  const { code } = said
  const sentence = plainer[said.sentence] ?? asSentence(said.sentence)
  const usual = advice(said)
  const { heading = usual.heading, sentence: next = usual.next, way } = said.next ?? {}
  return pages.render('error', { code, sentence, heading, next, way, requestId, backHref })
}

/** What the library says of something else than a person would take it for. */
const plainer: Record<string, string> = { 'client is invalid': 'No app is registered here by this client_id.' }

/** The library speaks in fragments (`code is missing`). A word that is a name (`redirect_uri`) stays as it is spelt. */
function asSentence(text: string): string {
  return text.replace(/^[a-z]+(?= )/, (word) => word.charAt(0).toUpperCase() + word.slice(1)).replace(/[\p{L}\p{N})]$/u, '$&.')
}

/** Most people who read this did nothing wrong: the app that sent them here did, or we did. */
function advice({ code, status, retryAfterSeconds }: Said): { heading: string; next: string } {
  if (code === 'access_denied')
    return { heading: 'Access was not allowed', next: 'Go back to the app. Nothing was shared with it.' }
  if (status === 429 || status === 503 || retryAfterSeconds !== undefined) {
    return { heading: 'Please wait a moment', next: `Try again ${inWords(retryAfterSeconds)}.` }
  }
  if (status >= 500) {
    return { heading: 'Something went wrong', next: 'Try again. If it happens again, give the operator the reference below.' }
  }
  return {
    heading: 'This request cannot be completed',
    next: 'Go back to the app and start again. If it happens again, give its developers the code below.',
  }
}

function inWords(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment'
  if (seconds <= 1) return 'in a second'
  return seconds < 90 ? `in ${Math.ceil(seconds)} seconds` : `in ${Math.ceil(seconds / 60)} minutes`
}
