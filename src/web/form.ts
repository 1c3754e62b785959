/** Reads a posted form. Small by design: our forms are an address, a password, a few ticks. */
import type { Context } from 'koa'
import { Refusal } from '../base/errors.ts'

const largestFormBytes = 16 * 1024

/** @returns the fields; a name with brackets or dots is a name like any other. @throws Refusal `invalid_request` 415, 413, 400 */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new Refusal('invalid_request', 'A form is sent as application/x-www-form-urlencoded.', { status: 415 })
  }
  const chunks: Buffer[] = []
  let received = 0
  try {
    for await (const chunk of ctx.req) {
      received += chunk.length
      if (received > largestFormBytes) {
        ctx.set('Connection', 'close')
        throw new Refusal('invalid_request', `A form has at most ${largestFormBytes} bytes.`, { status: 413 })
      }
      chunks.push(chunk)
    }
  } catch (cause) {
    throw cause instanceof Refusal ? cause : new Refusal('invalid_request', 'The form was cut off.', { cause })
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

/** @returns the field's single value. @throws Refusal `invalid_request` when it is missing or repeated */
export function field(form: URLSearchParams, name: string): string {
  const values = form.getAll(name)
  if (values.length === 1) return values[0] as string
  throw new Refusal('invalid_request', `The form needs the field "${name}" once.`)
}
