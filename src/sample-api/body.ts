/** A small JSON body and nothing more: what anybody may send must not fill the memory. */
import type { Context } from 'koa'

/** Answers 413 above `maxBytes`, 400 for what is no JSON object. */
export async function jsonBody(ctx: Context, maxBytes = 4096): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let size = 0
  // The stream outlives a refusal, else the connection would end before its answer.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) ctx.throw(413, `At most ${maxBytes} bytes, please`)
    chunks.push(chunk)
  }
  const value = parse(Buffer.concat(chunks).toString())
  if (typeof value !== 'object' || value === null) ctx.throw(400, 'Expected a JSON object')
  return value as Record<string, unknown>
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
