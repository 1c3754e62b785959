/**
 * What a token for an API may hold at most: what the API has, ∩ what the client may ask, ∩ what the person's roles allow.
 * What was asked and what was consented narrow it further; oidc-provider holds those two. Computed anew for every token, so that
 * a role taken away narrows the next one.
 */
import type { ClientRegistration } from '../settings/client.ts'
import { sameIdentifier } from '../settings/uri.ts'
import type { Api } from './apis.ts'

/**
 * @param roles of the person; undefined for a machine, whose own list at the client is the whole of its permission
 * @returns scope names of this API; the scopes of OpenID Connect are not among them
 */
export function allowedScopes(api: Api, client: Pick<ClientRegistration, 'apis'>, roles: string[] | undefined): string[] {
  const mayAsk = new Set(scopesOfClient(client, api))
  return Object.entries(api.scopes)
    .filter(
      ([name, scope]) =>
        mayAsk.has(name) && (roles === undefined || !scope.roles || scope.roles.some((role) => roles.includes(role))),
    )
    .map(([name]) => name)
}

/** Whether this client may ask for tokens for this API at all. */
export function mayAddress(api: Api, client: Pick<ClientRegistration, 'apis'>): boolean {
  return entryFor(client, api) !== undefined
}

function scopesOfClient(client: Pick<ClientRegistration, 'apis'>, api: Api): string[] {
  return entryFor(client, api) ?? []
}

function entryFor(client: Pick<ClientRegistration, 'apis'>, api: Api): string[] | undefined {
  const wanted = sameIdentifier(api.identifier)
  return Object.entries(client.apis).find(([identifier]) => sameIdentifier(identifier) === wanted)?.[1]
}
