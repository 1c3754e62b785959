/** What every adapter does with a request, whatever its framework: judge it, or serve the metadata document. */
import type { RequestLike } from './credentials.ts'
import type { ResourceServer } from './server.ts'

/** An answer that is complete as it is: status, headers and text. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const json = { 'Content-Type': 'application/json; charset=utf-8' }

/** A refusal as it goes out: its body as JSON, or none where no error may be named. */
export function answerOf(refusal: { status: number; headers: Readonly<Record<string, string>>; body: unknown }): Answer {
  const { status, headers, body } = refusal
  return body === undefined
    ? { status, headers: { ...headers, 'Content-Length': '0' }, body: '' }
    : { status, headers: { ...headers, ...json }, body: JSON.stringify(body) }
}

/** @returns the metadata document (RFC 9728 s3), where this request asks for it */
export function metadataAnswer(
  api: Pick<ResourceServer<string, object>, 'metadata' | 'metadataUrl'>,
  { method, url }: Pick<RequestLike, 'method' | 'url'>,
): Answer | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (pathOf(url) !== api.metadataUrl.pathname) return undefined
  // Programs of other origins read it before they have a token: a browser would not let them without this.
  const headers = { ...json, 'Cache-Control': 'public, max-age=3600', 'Access-Control-Allow-Origin': '*' }
  return { status: 200, headers, body: JSON.stringify(api.metadata()) }
}

function pathOf(url = ''): string {
  if (!url.startsWith('/')) return URL.canParse(url) ? new URL(url).pathname : ''
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
