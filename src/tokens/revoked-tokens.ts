/**
 * Access tokens that were revoked one by one: a row each, from the revocation to the token's own end. Nothing is stored when a token is
 * issued. What hangs on a grant needs no row here: the grant ends, and with it everything issued under it.
 */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { digest } from '../crypto/derive.ts'
import type { Store } from '../store/store.ts'

/** What of a token's claims is needed to remember it as revoked. */
export interface Revocable {
  jti: string
  exp: number
  client_id: string
}

export interface RevokedTokens {
  /** @throws Refusal `too_many_revocations` (503 and `Retry-After`, RFC 7009 s2.2.1): the token lives on. */
  add(token: Revocable): Promise<void>
  has(jti: string): Promise<boolean>
}

const model = 'RevokedToken'
const windowSeconds = 3_600

/**
 * @param mostPerClient rows that one client can cause within an hour. A machine makes tokens for nothing, and each would leave a row for up
 * to a day (the longest that an API's tokens may live).
 */
export function createRevokedTokens(
  { artifacts, counters }: Pick<Store, 'artifacts' | 'counters'>,
  now: Clock,
  mostPerClient = 10_000,
): RevokedTokens {
  async function has(jti: string): Promise<boolean> {
    return (await artifacts.find(model, digest(jti))) !== undefined
  }

  async function checkRoom(client: string): Promise<void> {
    const { count, endsAt } = await counters.hit(`revoked-tokens:${digest(client)}`, windowSeconds)
    if (count <= mostPerClient) return
    throw new Refusal('too_many_revocations', 'This client revoked too many tokens within an hour: try again later.', {
      status: 503,
      retryAfterSeconds: Math.max(1, endsAt - now()),
      detail: { client },
    })
  }

  return {
    async add({ jti, exp, client_id: client }) {
      if (exp <= now() || (await has(jti))) return
      await checkRoom(client)
      // Bound to no client and no grant: a token stays revoked when its client is removed and registered anew.
      await artifacts.put({ model, id: digest(jti), payload: '', expiresAt: exp })
    },
    has,
  }
}
