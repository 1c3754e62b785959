/** A form, sent to an endpoint as it stands. */
import type { TestServer } from './server.ts'

export interface Answer<Body = Record<string, string>> {
  status: number
  headers: Headers
  text: string
  /** Of an answer in JSON; else empty. */
  body: Body
}

export async function post<Body = Record<string, string>>(
  server: Pick<TestServer, 'issuer'>,
  path: string,
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const body = new URLSearchParams(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const response = await fetch(new URL(path, server.issuer), { method: 'POST', body, headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
}
