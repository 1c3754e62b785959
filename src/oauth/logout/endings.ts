/** Where sessions end, and who is to be told: every client that the session signed somebody in to, and that has an endpoint for it. */
import type { Client, Provider, Session } from 'oidc-provider'
import type { Notices } from './notices.ts'

interface Told {
  clientId: string
  backchannelLogoutUri?: string
  backchannelLogout(subject: string, session: string): Promise<void>
}

/**
 * The library tells clients itself when a sign-out is confirmed, and waits for each (`actions/end_session.js`): what it calls then is replaced
 * by the debt being written down. A prototype member that it does not document.
 */
export function oweInsteadOfSending(provider: Provider, notices: Notices): void {
  const prototype = provider.Client.prototype as unknown as Told
  prototype.backchannelLogout = function (account, session) {
    return notices.owe({ client: this.clientId, account, session })
  }
}

/** Ends a session otherwise than by a confirmed sign-out, with all that one ends: whoever has left is to be signed in nowhere. */
export async function endSession(provider: Provider, session: Session): Promise<void> {
  await tellClients(provider, session)
  await endGrants(provider, session)
  await session.destroy()
}

async function tellClients(provider: Provider, session: Session): Promise<void> {
  const { accountId, authorizations = {} } = session
  if (!accountId) return
  await Promise.all(
    Object.keys(authorizations).map(async (id) => {
      const client = (await provider.Client.find(id)) as (Client & Told) | undefined
      const sid = session.sidFor(id)
      if (client?.backchannelLogoutUri && sid !== undefined) await client.backchannelLogout(accountId, sid)
    }),
  )
}

/** OpenID Connect Core s11: what was allowed with `offline_access` is there for when nobody is signed in. */
async function endGrants(provider: Provider, { authorizations = {} }: Session): Promise<void> {
  await Promise.all(
    Object.values(authorizations).map(async ({ grantId, persistsLogout }) => {
      if (grantId && !persistsLogout) await provider.RefreshToken.revokeByGrantId(grantId)
    }),
  )
}
