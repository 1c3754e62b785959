/**
 * A store that cannot answer is 503 to whoever asked, not the library's "oops": RFC 6749 has no such code for the token endpoint, but s4.1.2.1
 * has. Whatever the library asks of a store passes through here on its way.
 */
import { type Adapter, errors } from 'oidc-provider'
import { Refusal } from '../../base/errors.ts'
import type { ProviderParts } from '../parts.ts'

export function saysUnavailable<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await call(...args)
    } catch (cause) {
      throw cause instanceof Refusal && cause.status === 503 ? unavailable(cause) : cause
    }
  }
}

/** An adapter that says so. */
export function withRefusalsSaid(adapter: Adapter): Adapter {
  return {
    upsert: saysUnavailable(adapter.upsert),
    find: saysUnavailable(adapter.find),
    findByUid: saysUnavailable(adapter.findByUid),
    findByUserCode: saysUnavailable(adapter.findByUserCode),
    consume: saysUnavailable(adapter.consume),
    destroy: saysUnavailable(adapter.destroy),
    revokeByGrantId: saysUnavailable(adapter.revokeByGrantId),
  }
}

/** The parts, as far as the library reaches a store through them. */
export const partsWithRefusalsSaid = (parts: ProviderParts): ProviderParts => ({
  ...parts,
  accounts: {
    ...parts.accounts,
    findActive: saysUnavailable(parts.accounts.findActive),
    findSignedIn: saysUnavailable(parts.accounts.findSignedIn),
  },
  clients: {
    ...parts.clients,
    find: saysUnavailable(parts.clients.find),
    findAnew: saysUnavailable(parts.clients.findAnew),
  },
  apiKeys: {
    ...parts.apiKeys,
    findLiving: saysUnavailable(parts.apiKeys.findLiving),
    behind: saysUnavailable(parts.apiKeys.behind),
  },
})

/** At the authorization endpoint, whose answers have no word for too many (RFC 6749 s4.1.2.1). */
export function limitSaidUnavailable(limit: (address: string) => Promise<void>): (address: string) => Promise<void> {
  return async (address) => {
    try {
      await limit(address)
    } catch (cause) {
      throw cause instanceof Refusal ? unavailable(cause) : cause
    }
  }
}

export function unavailable(refusal: Refusal): Error {
  const error = new errors.CustomOIDCProviderError('temporarily_unavailable', refusal.message)
  return Object.assign(error, { status: 503, statusCode: 503, retryAfterSeconds: refusal.retryAfterSeconds ?? 1, cause: refusal })
}
