/** Reads what was posted. Forms are small by design: ours are an address, a password, a few ticks. */
import type { Context } from 'koa'
import { Refusal } from '../base/errors.ts'

const largestFormBytes = 16 * 1024

/** @returns the fields; a name with brackets or dots is a name like any other. @throws Refusal `invalid_request` 415, 413, 400 */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new Refusal('invalid_request', 'A form is sent as application/x-www-form-urlencoded.', { status: 415 })
  }
  return new URLSearchParams(await readBody(ctx, largestFormBytes))
}

/** @returns the body as text. @throws Refusal `invalid_request` 413 above so many bytes, 400 when it was cut off */
export async function readBody(ctx: Context, largestBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let received = 0
  try {
    for await (const chunk of ctx.req) {
      received += chunk.length
      if (received > largestBytes) {
        ctx.set('Connection', 'close')
        throw new Refusal('invalid_request', `The body has at most ${largestBytes} bytes.`, { status: 413 })
      }
      chunks.push(chunk)
    }
  } catch (cause) {
    throw cause instanceof Refusal ? cause : new Refusal('invalid_request', 'The body was cut off.', { cause })
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** @returns the field's single value. @throws Refusal `invalid_request` when it is missing or repeated */
export function field(form: URLSearchParams, name: string): string {
  const values = form.getAll(name)
  if (values.length === 1) return values[0] as string
  throw new Refusal('invalid_request', `The form needs the field "${name}" once.`)
}
