/**
 * What a request asks a person to allow, and the grant that their answer makes. Both are computed from the interaction alone, so that
 * what was shown and what is granted cannot differ, whatever the form says.
 */
import type { Grant, Provider } from 'oidc-provider'
import { allowedScopes } from '../permissions/allowed.ts'
import type { Api, Apis } from '../permissions/apis.ts'
import { identityScopes, splitScope } from '../permissions/scopes.ts'
import { defaultApi, type OurClient } from './policy.ts'

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

export interface AskedPermission {
  scope: string
  /** Identifies the permission in the form: the scope, after its API's identifier and a space where it is an API's. */
  value: string
  api?: Api
  sentence: string
  required: boolean
  /** Allowed before, by this person to this client. */
  granted: boolean
}

export interface ConsentRequest {
  interaction: Interaction
  client: OurClient
  roles: string[]
  grant: Grant | undefined
}

/** Every permission that the request asks for and that could be given, in the order asked. */
export function askedPermissions(apis: Apis, { interaction, client, roles, grant }: ConsentRequest): AskedPermission[] {
  const asked = splitScope(interaction.params.scope)
  const before = new Set(grant?.getOIDCScope().split(' '))
  const identity = asked.flatMap((scope) => {
    const known = identityScopes[scope]
    return known ? [{ scope, value: scope, sentence: known.sentence, required: known.required, granted: before.has(scope) }] : []
  })
  const permissions = requestedApis(apis, interaction, client).flatMap((api) => {
    const granted = new Set(grant?.getResourceScope(api.identifier).split(' '))
    const allowed = new Set(allowedScopes(api, client, roles))
    return asked
      .filter((scope) => allowed.has(scope))
      .map((scope) => ({
        scope,
        value: `${api.identifier} ${scope}`,
        api,
        sentence: api.scopes[scope]?.description ?? scope,
        required: false,
        granted: granted.has(scope),
      }))
  })
  return [...identity, ...permissions]
}

/**
 * Writes the answer down. What was left unticked is remembered as refused, so that the same request is not asked again at the next
 * sign-in; a client that wants to ask again sends `prompt=consent`.
 * @param ticked values of permissions; those that were not asked are ignored, and required ones are always given
 * @returns the id of the grant
 */
export async function grantConsent(
  provider: Provider,
  apis: Apis,
  request: ConsentRequest,
  accountId: string,
  ticked: Set<string>,
): Promise<string> {
  const { interaction, client } = request
  const grant = request.grant ?? new provider.Grant({ accountId, clientId: client.clientId })
  const asked = askedPermissions(apis, request)
  const allowed = asked.filter(({ required, value }) => required || ticked.has(value))
  const refused = asked.filter((permission) => !allowed.includes(permission))
  forgetRefusals(grant, allowed)

  const identityOf = (list: AskedPermission[]) => list.filter(({ api }) => !api).map(({ scope }) => scope)
  addScopes(identityOf(allowed), (scope) => grant.addOIDCScope(scope))
  addScopes(identityOf(refused), (scope) => grant.rejectOIDCScope(scope))
  for (const api of requestedApis(apis, interaction, client)) {
    // A token for an API says the scopes of OpenID Connect too, so they are granted for it as well.
    const scopesOf = (list: AskedPermission[]) => [
      ...identityOf(list),
      ...list.filter((one) => one.api?.identifier === api.identifier).map(({ scope }) => scope),
    ]
    addScopes(scopesOf(allowed), (scope) => grant.addResourceScope(api.identifier, scope))
    addScopes(scopesOf(refused), (scope) => grant.rejectResourceScope(api.identifier, scope))
  }
  return grant.save()
}

function addScopes(scopes: string[], add: (scope: string) => void): void {
  if (scopes.length > 0) add(scopes.join(' '))
}

/** The APIs that the request names, or the one that it means. */
function requestedApis(apis: Apis, interaction: Interaction, client: OurClient): Api[] {
  const named = [interaction.params.resource ?? defaultApi(apis, client)].flat() as string[]
  // The grant is kept under the identifier as the request spelt it, since that is how the library looks it up.
  return named.flatMap((identifier) => {
    const api = apis.find(identifier)
    return api ? [{ ...api, identifier }] : []
  })
}

type Refusable = {
  openid?: { scope?: string }
  resources?: Record<string, string>
  rejected?: { openid?: { scope?: string }; resources?: Record<string, string> }
}

/** The library takes a refusal for final; a person who now ticks what they once refused has changed their mind. */
function forgetRefusals(grant: Grant, allowed: AskedPermission[]): void {
  const { rejected } = grant as unknown as Refusable
  if (!rejected) return
  const names = new Set(allowed.map(({ scope }) => scope))
  const without = (scopes: string) =>
    splitScope(scopes)
      .filter((scope) => !names.has(scope))
      .join(' ')
  if (rejected.openid?.scope) rejected.openid.scope = without(rejected.openid.scope)
  for (const [identifier, scopes] of Object.entries(rejected.resources ?? {})) rejected.resources![identifier] = without(scopes)
}
