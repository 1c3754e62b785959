/** The APIs that tokens are for: what each accepts. The only knower of what an audience is given: scopes, algorithm, lifetime. */

import type { ApiSettings } from '../settings/api.ts'
import type { DetailTypeSettings } from '../settings/authorization-details.ts'
import { sameIdentifier } from '../settings/uri.ts'

export type Api = ApiSettings

export interface Apis {
  /** By its identifier, with or without the slash of an empty path (RFC 3986 s6.2.3). */
  find(identifier: string): Api | undefined
  /** What a client without an API gets its access token for: userinfo, and nothing else. */
  userinfo: Api
  /** Types of authorization details (RFC 9396) that some API understands, by their names. */
  detailTypes: ReadonlyMap<string, DetailTypeSettings>
  /** Of an access token, whichever it is for. */
  longestLifetimeSeconds: number
}

/** Where none does, there is no ring for API keys, and nothing that is about them. */
export const takesApiKeys = ({ apis }: { apis: readonly Pick<ApiSettings, 'apiKeys'>[] }): boolean =>
  apis.some(({ apiKeys }) => apiKeys)

/** @param api undefined where it is not declared any more @returns what a scope allows, as people read it; the scope itself where nobody says */
export const scopeInWords = (api: Api | undefined, scope: string): string => api?.scopes[scope]?.description ?? scope

export function createApis(
  declared: ApiSettings[],
  issuer: string,
  name: string,
  details: Record<string, DetailTypeSettings> = {},
): Apis {
  const userinfo: Api = {
    identifier: `${issuer}/userinfo`,
    name,
    scopes: {},
    algorithm: 'ES256',
    accessTokenLifetimeSeconds: 600,
    apiKeys: false,
    includeRoles: false,
  }
  const byIdentifier = new Map([...declared, userinfo].map((api) => [sameIdentifier(api.identifier), api]))
  return {
    find: (identifier) => byIdentifier.get(sameIdentifier(identifier)),
    userinfo,
    detailTypes: new Map(Object.entries(details)),
    longestLifetimeSeconds: Math.max(...[...byIdentifier.values()].map((api) => api.accessTokenLifetimeSeconds)),
  }
}
