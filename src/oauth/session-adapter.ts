/**
 * Sessions by who they are of. A person's lasts, in the durable store. A stranger's exists only because a page needed a secret for its form
 * (sign-out does), so it goes where things may be lost and are bounded, and lives for an hour. One that holds nothing at all, as the library
 * makes for a visitor with the cookie of a session that is gone, is not kept.
 */
import type { Adapter } from 'oidc-provider'

const strangerSeconds = 3_600

/** @param lasting the durable store's adapter @param passing the volatile one's; both for the model `Session` */
export function sessionAdapter(lasting: Adapter, passing: Adapter): Adapter {
  return {
    ...lasting,
    async upsert(id, payload, lifetimeSeconds) {
      if (payload.accountId) await lasting.upsert(id, payload, lifetimeSeconds)
      else if (payload.state || payload.authorizations) await passing.upsert(id, payload, strangerSeconds)
    },
    find: async (id) => (await lasting.find(id)) ?? passing.find(id),
    findByUid: async (uid) => (await lasting.findByUid(uid)) ?? passing.findByUid(uid),
    async destroy(id) {
      await Promise.all([lasting.destroy(id), passing.destroy(id)])
    },
  }
}
