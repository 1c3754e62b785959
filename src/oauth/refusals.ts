/** Our refusals in the library's words. */
import { errors } from 'oidc-provider'
import { Refusal } from '../base/errors.ts'

/** As the library says no: its answer, or its page of the code, then says it. */
export async function saidByLibrary(limit: Promise<void>): Promise<void> {
  try {
    await limit
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const { code, message, status, retryAfterSeconds } = cause
    throw Object.assign(new errors.CustomOIDCProviderError(code, message), { status, statusCode: status, retryAfterSeconds })
  }
}
