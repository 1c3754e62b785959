/** A sign-in, begun and not gone on with: the one answer of this server whose headers are long. */
import { type ClientRegistration, readRegistration } from '../settings/client/registration.ts'
import type { Settings } from '../settings/load.ts'
import type { Ask } from './ask.ts'
import { type Check, fail, ok } from './check.ts'

/** Of what a request says: together with the rest it just goes into a cookie, which makes the headers longer than a page of memory. */
const mostBytes = 1_850

/** A client that anybody can begin to sign in with, by an address alone. */
export interface AnyClient {
  id: string
  redirectUri: string
}

/** @param registrations as the database holds them @returns undefined when there is none */
export function anyClient({ clients }: Settings, registrations: string[]): AnyClient | undefined {
  const all: ClientRegistration[] = [...clients, ...registrations.map(readRegistration)]
  const found = all.find(
    ({ redirectUris, requirePushedRequests, requireSignedRequests, profile }) =>
      redirectUris.length > 0 && !requirePushedRequests && !requireSignedRequests && profile === undefined,
  )
  return found && { id: found.id, redirectUri: found.redirectUris[0] as string }
}

/**
 * What is asked travels in a cookie of this answer, and is as long as goes into one; nothing is stored for it, and nobody is signed in.
 * @returns undefined when the request was refused: then no answer was long
 */
export async function largeAnswerCheck(base: string, client: AnyClient, asking: Ask): Promise<Check | undefined> {
  const name = 'large-answers'
  const query = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid',
    state: 'x'.repeat(Math.max(0, mostBytes - client.redirectUri.length - client.id.length)),
    nonce: 'doctor',
    // RFC 7636 s4.2: a challenge to no verifier that anybody has.
    code_challenge: 'doctor'.padEnd(43, '_'),
    code_challenge_method: 'S256',
  })
  const response = await asking(`${base}/auth?${query}`).catch(() => undefined)
  const bytes = response?.headers.getSetCookie().join('').length ?? 0
  if (response?.status === 303 && bytes > 0) return ok(name, `An answer with ${bytes} bytes of cookies comes through.`)
  if (response && response.status < 500) return undefined
  return fail(
    name,
    `A sign-in cannot begin: the answer with its cookies comes as ${response?.status ?? 'nothing'}.`,
    'Let the proxy take long headers of answers; nginx: proxy_buffer_size 16k and proxy_buffers 8 16k.',
  )
}
