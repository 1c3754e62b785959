/** Who is behind the request that is being answered, for the audit log. */
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { networkOf } from '../accounts/networks.ts'
import type { Actor, What } from '../audit/audit.ts'
import { currentPerson } from '../base/request.ts'

interface Known {
  accountId?: string
  clientId?: string
}

/** The first of these that the library has come to know says whose it is. */
const bearers = [
  'Account',
  'Session',
  'RefreshToken',
  'RotatedRefreshToken',
  'AuthorizationCode',
  'DeviceCode',
  'AccessToken',
] as const

/** A person where one is there by their session, else the client that sent the request. */
export function behindRequest(ctx = Provider.ctx as KoaContextWithOIDC | undefined): What {
  const entities = (ctx?.oidc?.entities ?? {}) as Record<string, Known | undefined>
  const atPage = currentPerson()
  const account =
    atPage?.account ??
    bearers.map((name) => entities[name]?.accountId).find((id) => id !== undefined) ??
    ctx?.oidc?.session?.accountId
  const client = entities.Client?.clientId
  const isThere = atPage !== undefined || entities.Session?.accountId !== undefined
  const actor: Actor =
    account !== undefined && (isThere || client === undefined) ? `account:${account}` : `client:${client ?? 'unknown'}`
  return { actor, account, client, from: atPage?.network ?? (ctx && networkOf(ctx.ip)) }
}
