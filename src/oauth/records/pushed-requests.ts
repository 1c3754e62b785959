/**
 * Pushed authorization requests (RFC 9126), so that from one `request_uri` there is one answer at most, however long a person takes. The
 * library uses a request up when it answers: until then a page can be loaded again, afterwards nothing more comes of it. But by then the
 * request has expired, and for what is not there the library asks no further; so that it was there, and whether it was used, is kept until
 * no sign-in that it began can be under way. What it asks is kept for its minute alone.
 */
import { type Adapter, errors, Provider } from 'oidc-provider'
import type { RowLimit } from '../../accounts/row-limits.ts'
import { saidByLibrary } from '../refusals.ts'

/** Twice what an address can hold (`web/door.ts`): each pushed request is kept, and what it asks for is kept again while a person signs in. */
const largestBytes = 16_384

/** Signing in and consent: each is an interaction with a whole life of its own. */
const steps = 2

/** In the words of the library, whichever of the three it was (RFC 9101 s5.2.1). */
export const unusableRequestUri = (): Error =>
  new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')

/**
 * @param uses whether a request was used: a short row for as long as it may be asked about
 * @param contents what it asks, for the minute in which it can begin a sign-in
 */
export function pushedRequestAdapter(uses: Adapter, contents: Adapter, limit: RowLimit, interactionSeconds: number): Adapter {
  return {
    ...uses,
    async upsert(id, payload, lifetimeSeconds = 0) {
      // RFC 9126 s2.3.
      if (Buffer.byteLength(String(payload.request)) > largestBytes)
        throw new errors.InvalidRequest(`a pushed request has at most ${largestBytes} bytes`, 413)
      // RFC 9126 s2.2: `expires_in` is positive, and a request object may have been taken that has just expired.
      if (lifetimeSeconds < 1) throw new errors.InvalidRequestObject('the Request Object ends within a second')
      const ctx = Provider.ctx
      if (ctx?.oidc.client?.clientAuthMethod === 'none') await saidByLibrary(limit(ctx.ip))
      const { request, ...use } = payload
      await contents.upsert(id, { request }, lifetimeSeconds)
      await uses.upsert(id, use, lifetimeSeconds + steps * interactionSeconds)
    },
    async find(id) {
      const use = await uses.find(id)
      if (Provider.ctx?.oidc.route === 'resume') {
        if (!use) throw unusableRequestUri()
        return use
      }
      const content = use && (await contents.find(id))
      return content && { ...content, ...use }
    },
  }
}
