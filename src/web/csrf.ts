/**
 * That a form was sent by our own page. Two proofs, both needed: the browser's word for where the request began, and a token that only
 * the page held. The token is bound to what the form is about, so one page's token is no good for another. It carries nothing and has no age,
 * so it is a bare MAC: `crypto/signing.ts` would write its subject and a time into the page, at five times the cost.
 */
import { Refusal } from '../base/errors.ts'
import { keyedDigest, sameInConstantTime } from '../crypto/derive.ts'
import type { Keys } from '../crypto/secrets.ts'

export interface Csrf {
  tokenFor(about: string): string
  matches(about: string, token: unknown): boolean
  /** @throws Refusal `forged_form` 403 */
  check(about: string, token: unknown): void
}

/** @param keys the first makes tokens, all are good: a page that is open while a secret is replaced can still be sent. */
export function createCsrf(...keys: Keys): Csrf {
  const tokenFor = (about: string) => keyedDigest(keys[0], about)
  const matches = (about: string, token: unknown) =>
    typeof token === 'string' && keys.some((key) => sameInConstantTime(token, keyedDigest(key, about)))
  return {
    tokenFor,
    matches,
    check(about, token) {
      if (!matches(about, token)) throw forged('token')
    },
  }
}

/**
 * `Sec-Fetch-Site` is the browser's own word: only `same-origin` and `none` (typed, bookmarked) pass; `same-site` is another origin.
 * Without it, `Origin` must be ours when it says anything: under `Referrer-Policy: no-referrer` it says `null` even for our own forms
 * (Fetch, "append a request Origin header"). A program that sends neither is judged by the token alone.
 * @throws Refusal `forged_form` 403
 */
export function checkOrigin(headers: { 'sec-fetch-site'?: string | string[]; origin?: string }, issuer: string): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined) {
    if (site !== 'same-origin' && site !== 'none') throw forged('site')
    return
  }
  const { origin } = headers
  if (origin !== undefined && origin !== 'null' && origin !== issuer) throw forged('origin')
}

function forged(by: string): Refusal {
  return new Refusal('forged_form', 'This form was not sent from our own page. Please go back and try again.', {
    status: 403,
    detail: { by },
  })
}
