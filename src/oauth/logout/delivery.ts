/** One attempt to tell a client that a session ended: a logout token, signed for this attempt, posted to the client's endpoint. */
import { randomUUID } from 'node:crypto'
import type { Client, Provider } from 'oidc-provider'
import { Refusal } from '../../base/errors.ts'
import type { Outcome } from '../../outgoing/debts.ts'
import type { GuardedFetch } from '../../outgoing/fetch.ts'
import type { Notice } from '../../store/store.ts'

/** What will be the same at the next attempt. */
const final = new Set<unknown>(['scheme', 'userinfo', 'address', 'redirect'])

export function logoutDelivery(provider: Provider, outgoing: GuardedFetch): (notice: Notice) => Promise<Outcome> {
  return async ({ client: id, account, session }) => {
    try {
      const client = await provider.Client.find(id)
      if (!client?.backchannelLogoutUri) return { is: 'refused', reason: 'the client has no back-channel logout any more' }
      const body = new URLSearchParams({ logout_token: await logoutToken(provider, client, account, session) })
      return outcomeOf(await outgoing(client.backchannelLogoutUri, { method: 'POST', body }))
    } catch (cause) {
      const unavailable = [cause, (cause as Error).cause].find(isUnavailable)
      if (unavailable) return { is: 'postponed', reason: String(unavailable.detail?.reason ?? unavailable.code) }
      if (!(cause instanceof Refusal)) throw cause
      const reason = cause.detail?.reason
      return { is: final.has(reason) ? 'refused' : 'failed', reason: String(reason) }
    }
  }
}

/** The fault is ours: too many requests are under way, or the store is out of reach. */
const isUnavailable = (thrown: unknown): thrown is Refusal => thrown instanceof Refusal && thrown.status === 503

/** Back-Channel Logout s2.8: 200 when it is done, 400 when the request was wrong. Any success counts; what may pass is tried again. */
function outcomeOf({ ok, status }: Response): Outcome {
  if (ok) return { is: 'delivered' }
  const mayPass = status >= 500 || status === 408 || status === 429
  return { is: mayPass ? 'failed' : 'refused', reason: `status ${status}` }
}

interface LogoutToken {
  mask: object
  set(claim: string, value: unknown): void
  issue(options: { use: 'logout' }): Promise<string>
}

/**
 * As the library's own `Client.prototype.backchannelLogout` makes it (`models/client.js`): signed as the client's ID tokens are, encrypted if
 * they are, `typ: logout+jwt`, for two minutes, `sub` pairwise where the client's is. But `sid` is always there: without one the client would
 * have to end all sessions of that person (s2.6), while one has ended.
 */
function logoutToken(provider: Provider, client: Client, account: string, session: string): Promise<string> {
  const { IdToken } = provider as unknown as { IdToken: new (claims: object, context: { client: Client }) => LogoutToken }
  const token = new IdToken({ sub: account }, { client })
  token.mask = { sub: null }
  token.set('events', { 'http://schemas.openid.net/event/backchannel-logout': {} })
  token.set('jti', randomUUID())
  token.set('sid', session)
  return token.issue({ use: 'logout' })
}
