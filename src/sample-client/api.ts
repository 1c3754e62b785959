/** Calls the API as any client would: the access token in a header, the answer as it comes. */
import { Unreachable } from './errors.ts'
import type { Settings } from './settings.ts'

export interface Answer {
  request: string
  status: number
  /** RFC 6750 s3: why not, and what would help. */
  challenge: string | undefined
  body: unknown
  /** The token is good but lacks a permission: asking the person for it would help. */
  lacksPermission: boolean
}

export async function callApi({ api }: Settings, method: 'GET' | 'POST', accessToken: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = { authorization: `Bearer ${accessToken}`, accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(new URL('/notes', api), {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  }).catch((cause: unknown) => {
    throw new Unreachable(`No answer from ${api}`, { cause })
  })
  const challenge = response.headers.get('www-authenticate') ?? undefined
  return {
    request: `${method} ${new URL('/notes', api)}`,
    status: response.status,
    challenge,
    body: parsed(await response.text()),
    lacksPermission: response.status === 403 && /\berror="insufficient_scope"/.test(challenge ?? ''),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
