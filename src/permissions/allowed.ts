/**
 * What a token for an API may hold at most: what the API has, ∩ what the client may ask, ∩ what the person's roles allow.
 * What was asked and what was consented narrow it further; oidc-provider holds those two. Computed anew for every token, so that
 * a role taken away narrows the next one.
 */
import type { ClientRegistration } from '../settings/client/registration.ts'
import { sameIdentifier } from '../settings/uri.ts'
import type { Api } from './apis.ts'

type ClientApis = Pick<ClientRegistration, 'apis'>

/**
 * @param roles of the person; undefined for a machine, whose own list at the client is the whole of its permission
 * @returns scope names of this API; the scopes of OpenID Connect are not among them
 */
export function allowedScopes(api: Api, client: ClientApis, roles: string[] | undefined): string[] {
  const mayAsk = listsOf(client).get(sameIdentifier(api.identifier))
  if (!mayAsk) return []
  const allowed: string[] = []
  for (const [name, { roles: needed }] of Object.entries(api.scopes)) {
    if (mayAsk.has(name) && mayHave(needed, roles)) allowed.push(name)
  }
  return allowed
}

/** What a person's roles allow them there, whichever client asks, or none. @returns scope names of this API */
export function scopesOfRoles(api: Api, roles: string[]): string[] {
  return Object.keys(api.scopes).filter((name) => mayHave(api.scopes[name]?.roles, roles))
}

const mayHave = (needed: string[] | undefined, roles: string[] | undefined): boolean =>
  !roles || !needed || needed.some((role) => roles.includes(role))

/** Whether this client may ask for tokens for this API at all. */
export function mayAddress(api: Api, client: ClientApis): boolean {
  return listsOf(client).has(sameIdentifier(api.identifier))
}

const lists = new WeakMap<ClientRegistration['apis'], Map<string, Set<string>>>()

/** A client's lists by the one spelling of each API, read once per client: this runs for every token. */
function listsOf({ apis }: ClientApis): Map<string, Set<string>> {
  let found = lists.get(apis)
  if (!found) {
    found = new Map(Object.entries(apis).map(([identifier, scopes]) => [sameIdentifier(identifier), new Set(scopes)]))
    lists.set(apis, found)
  }
  return found
}
