/** One way out: a bounded GET of a JSON document. */

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

// A key set with a dozen keys and their certificates has some tens of kilobytes.
const maxBytes = 256 * 1024

/**
 * Validates: status 200, no redirect, at most 256 KiB, JSON. Does NOT validate: the content type, which servers of static files get wrong.
 * @param signal ends the request and the reading of its body
 */
export async function fetchJson(fetch: Fetch, url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal })
  try {
    // A redirect would let whoever controls one path of the host choose the keys. Custom fetches may follow it all the same.
    if (response.status !== 200 || response.redirected) throw new Error(`${url} answered ${response.status}`)
    return JSON.parse(await boundedText(response, url, maxBytes))
  } finally {
    // Frees the connection when the body was not wanted; a body that was read to its end is not touched by it.
    if (response.body && !response.bodyUsed) await response.body.cancel()
  }
}

/** @throws Error for a body of more bytes, or one that is no UTF-8 */
export async function boundedText(response: Response, url: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new Error(`${url} sent more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
