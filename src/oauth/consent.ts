/**
 * What a request asks a person to allow, and the grant that their answer makes. Both are computed from the interaction alone, so that
 * what was shown and what is granted cannot differ, whatever the form says.
 */
import type { Grant, Provider } from 'oidc-provider'
import { allowedScopes } from '../permissions/allowed.ts'
import type { Api, Apis } from '../permissions/apis.ts'
import { identityScopes, splitScope } from '../permissions/scopes.ts'
import type { OurClient } from './our-client.ts'
import { defaultApi } from './policy/resource.ts'

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
  const permissions = requestedApis(apis, interaction, client).flatMap(({ api, spellings }) => {
    const granted = new Set(spellings.flatMap((identifier) => splitScope(grant?.getResourceScope(identifier))))
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
  const scopesOf = (list: AskedPermission[], api?: Api) => list.filter((one) => one.api === api).map(({ scope }) => scope)
  const identity = { allowed: scopesOf(allowed), refused: scopesOf(refused) }
  decide(grant, undefined, identity)
  for (const { api, spellings } of requestedApis(apis, interaction, client)) {
    // A token for an API says the scopes of OpenID Connect too, so they are granted for it as well.
    const answer = {
      allowed: [...identity.allowed, ...scopesOf(allowed, api)],
      refused: [...identity.refused, ...scopesOf(refused, api)],
    }
    for (const identifier of spellings) decide(grant, identifier, answer)
  }
  return grant.save()
}

/** The APIs that the request names, each once, or the one that it means. The grant is kept under every spelling, since the library looks it up by the request's. */
function requestedApis(apis: Apis, interaction: Interaction, client: OurClient): { api: Api; spellings: string[] }[] {
  const named = new Set([interaction.params.resource ?? defaultApi(apis, client)].flat() as string[])
  const found = new Map<Api, string[]>()
  for (const identifier of named) {
    const api = apis.find(identifier)
    if (api) found.set(api, [...(found.get(api) ?? []), identifier])
  }
  return [...found].map(([api, spellings]) => ({ api, spellings }))
}

type Scopes = { openid?: { scope?: string; claims?: string[] }; resources?: Record<string, string> }

/**
 * The last answer counts, at this API alone: what is allowed now is refused no more, and what is refused now is granted no more.
 * The library only ever adds to both lists, and would take a refusal from years ago for final.
 * @param identifier of an API; undefined for the scopes of OpenID Connect
 */
function decide(
  grant: Grant,
  identifier: string | undefined,
  { allowed, refused }: { allowed: string[]; refused: string[] },
): void {
  const given = grant as unknown as Scopes & { rejected?: Scopes }
  given.rejected ??= {}
  change(given, identifier, allowed, refused)
  change(given.rejected, identifier, refused, allowed)
}

function change(scopes: Scopes, identifier: string | undefined, added: string[], removed: string[]): void {
  const before = splitScope(identifier === undefined ? scopes.openid?.scope : scopes.resources?.[identifier])
  const after = [...new Set([...before, ...added])].filter((scope) => !removed.includes(scope)).join(' ')
  if (identifier === undefined) scopes.openid = { ...scopes.openid, scope: after }
  else scopes.resources = { ...scopes.resources, [identifier]: after }
}
