/** What a request asks a person to allow, computed from the interaction alone: what is shown and what is granted cannot differ. */
import type { Grant, Provider } from 'oidc-provider'
import { allowedScopes } from '../../permissions/allowed.ts'
import { type Api, type Apis, scopeInWords } from '../../permissions/apis.ts'
import { type Detail, type ShownField, shownFields } from '../../permissions/details.ts'
import { identityScopes, scopeOfClaim, splitScope } from '../../permissions/scopes.ts'
import type { OurClient } from '../clients/our-client.ts'
import { defaultApi } from '../policy/resource.ts'
import { detailsIn, grantable, isRemembered } from './rich-requests.ts'

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

export interface AskedPermission {
  /** A scope's name, a claim's where only that was asked for, or the type of an authorization detail. */
  name: string
  kind: 'scope' | 'claim' | 'detail'
  /** Identifies the permission in the form: the scope, after its API's identifier and a space where it is an API's. */
  value: string
  api?: Api
  sentence: string
  required: boolean
  /** Allowed before, by this person to this client. */
  granted: boolean
  detail?: Detail
  /** What it says, as it is shown. */
  fields?: ShownField[]
}

export interface ConsentRequest {
  interaction: Interaction
  client: OurClient
  roles: string[]
  grant: Grant | undefined
}

/** Every permission that the request asks for and that could be given, in the order asked. */
export function askedPermissions(apis: Apis, request: ConsentRequest): AskedPermission[] {
  const { interaction, client, roles, grant } = request
  const asked = splitScope(interaction.params.scope)
  const permissions = requestedApis(apis, interaction, client).flatMap(({ api, spellings }) => {
    const granted = new Set(spellings.flatMap((identifier) => splitScope(grant?.getResourceScope(identifier))))
    const allowed = new Set(allowedScopes(api, client, roles))
    return asked
      .filter((scope) => allowed.has(scope))
      .map((scope) => ({
        name: scope,
        kind: 'scope' as const,
        value: `${api.identifier} ${scope}`,
        api,
        sentence: scopeInWords(api, scope),
        required: false,
        granted: granted.has(scope),
      }))
  })
  return [...identityOf(asked, grant), ...claimsOf(request), ...permissions, ...detailsOf(apis, request)]
}

function identityOf(asked: string[], grant: Grant | undefined): AskedPermission[] {
  const before = new Set(grant?.getOIDCScope().split(' '))
  return asked.flatMap((scope) => {
    const known = identityScopes[scope]
    if (!known) return []
    const { sentence, required } = known
    return [{ name: scope, kind: 'scope', value: scope, sentence, required, granted: before.has(scope) }]
  })
}

/** Claims that the claims parameter asks for by themselves; where the scope of one is asked for as well, the scope's answer is the claim's. */
function claimsOf({ interaction, grant }: ConsentRequest): AskedPermission[] {
  const scopes = splitScope(interaction.params.scope)
  const before = new Set(grant?.getOIDCClaims())
  return requestedClaims(interaction).flatMap((claim) => {
    const scope = scopeOfClaim(claim)
    if (!scope || scopes.includes(scope.name)) return []
    const { sentence } = scope
    return [{ name: claim, kind: 'claim', value: `claim ${claim}`, sentence, required: false, granted: before.has(claim) }]
  })
}

/** Authorization details (RFC 9396), which are granted together and as they are, or denied. */
function detailsOf(apis: Apis, { interaction, client, roles, grant }: ConsentRequest): AskedPermission[] {
  const details = detailsIn(interaction.params.authorization_details)
  return grantable(apis, client, roles, details).map((detail) => {
    const type = apis.detailTypes.get(detail.type)!
    return {
      name: detail.type,
      kind: 'detail',
      value: '',
      api: apis.find(type.api),
      sentence: type.description,
      required: true,
      granted: isRemembered(grant, detail),
      detail,
      fields: shownFields(type, detail),
    }
  })
}

/** Names of the claims parameter (OpenID Connect Core s5.5), each once, those of userinfo and of the ID token alike. */
export function requestedClaims({ params }: Interaction): string[] {
  if (typeof params.claims !== 'string') return []
  const { userinfo, id_token: idToken } = JSON.parse(params.claims) as Record<string, Record<string, unknown> | undefined>
  const named = Object.entries({ ...userinfo, ...idToken })
  return named.filter(([, value]) => typeof value === 'object' && !Array.isArray(value)).map(([claim]) => claim)
}

/** The APIs that the request names, each once, or the one that it means. A grant is kept under every spelling, since the library looks it up by the request's. */
export function requestedApis(apis: Apis, interaction: Interaction, client: OurClient): { api: Api; spellings: string[] }[] {
  const named = new Set([interaction.params.resource ?? defaultApi(apis, client)].flat() as string[])
  const found = new Map<Api, string[]>()
  for (const identifier of named) {
    const api = apis.find(identifier)
    if (api) found.set(api, [...(found.get(api) ?? []), identifier])
  }
  return [...found].map(([api, spellings]) => ({ api, spellings }))
}
