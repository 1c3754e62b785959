/** The grant that a person's answer makes. Like the question, it is computed from the interaction, whatever the form says. */
import type { Grant, Provider } from 'oidc-provider'
import type { Api, Apis } from '../../permissions/apis.ts'
import { identityScopes, scopeOfClaim, splitScope } from '../../permissions/scopes.ts'
import { changeGrant } from '../records/grant-adapter.ts'
import { type AskedPermission, askedPermissions, type ConsentRequest, requestedApis, requestedClaims } from './asked.ts'
import { type Consent, remember } from './rich-requests.ts'

/**
 * Writes the answer down. What was left unticked is remembered as refused, so that the same request is not asked again at the next
 * sign-in; a client that wants to ask again sends `prompt=consent`.
 * @param ticked values of permissions; those that were not asked are ignored, and required ones are always given
 * @returns what the request goes on with: the grant, and the authorization details that were allowed now
 */
export async function grantConsent(
  provider: Provider,
  apis: Apis,
  request: ConsentRequest,
  accountId: string,
  ticked: Set<string>,
): Promise<Consent> {
  const asked = askedPermissions(apis, request)
  const allowed = asked.filter(({ required, value }) => required || ticked.has(value))
  const refused = asked.filter((permission) => !allowed.includes(permission))
  const details = allowed.flatMap(({ detail }) => detail ?? [])
  const owner = { accountId, clientId: request.client.clientId }
  const grant = await changeGrant(provider, request.grant, owner, (current) => {
    write(apis, request, current, allowed, refused)
    remember(apis, current, details)
    return true
  })
  return { grantId: grant.jti, details }
}

function write(
  apis: Apis,
  { interaction, client }: ConsentRequest,
  grant: Grant,
  allowed: AskedPermission[],
  refused: AskedPermission[],
): void {
  const identity = { allowed: scopesOf(allowed), refused: scopesOf(refused) }
  decide(grant, undefined, identity)
  decideClaims(grant, requestedClaims(interaction), { ...identity, named: new Set(claimsOf(allowed)) })
  for (const { api, spellings } of requestedApis(apis, interaction, client)) {
    // A token for an API says the scopes of OpenID Connect too, so they are granted for it as well.
    const answer = {
      allowed: [...identity.allowed, ...scopesOf(allowed, api)],
      refused: [...identity.refused, ...scopesOf(refused, api)],
    }
    for (const identifier of spellings) decide(grant, identifier, answer)
  }
}

const scopesOf = (list: AskedPermission[], api?: Api) =>
  list.filter((one) => one.kind === 'scope' && one.api === api).map(({ name }) => name)
const claimsOf = (list: AskedPermission[]) => list.filter(({ kind }) => kind === 'claim').map(({ name }) => name)

type Lists = { openid?: { scope?: string; claims?: string[] | undefined }; resources?: Record<string, string> }
type Answer = { allowed: string[]; refused: string[] }

/** The library only ever adds to these lists, and would take a refusal from years ago for final. */
function listsOf(grant: Grant): { granted: Lists; rejected: Lists } {
  const granted = grant as unknown as Lists & { rejected?: Lists }
  granted.rejected ??= {}
  return { granted, rejected: granted.rejected }
}

/**
 * The last answer counts, at this API alone: what is allowed now is refused no more, and what is refused now is granted no more.
 * @param identifier of an API; undefined for the scopes of OpenID Connect
 */
function decide(grant: Grant, identifier: string | undefined, { allowed, refused }: Answer): void {
  const { granted, rejected } = listsOf(grant)
  change(granted, identifier, allowed, refused)
  change(rejected, identifier, refused, allowed)
}

function change(scopes: Lists, identifier: string | undefined, added: string[], removed: string[]): void {
  const before = splitScope(identifier === undefined ? scopes.openid?.scope : scopes.resources?.[identifier])
  const after = [...new Set([...before, ...added])].filter((scope) => !removed.includes(scope)).join(' ')
  if (identifier === undefined) scopes.openid = { ...scopes.openid, scope: after }
  else scopes.resources = { ...scopes.resources, [identifier]: after }
}

/**
 * A claim that was asked for goes with its scope where that was asked for too, else with its own box. A claim that is refused is left out
 * by the library even where a scope releases it, so allowing a scope takes the refusals of its claims back, and refusing one their grants.
 */
function decideClaims(grant: Grant, asked: string[], { allowed, refused, named }: Answer & { named: Set<string> }): void {
  const { granted, rejected } = listsOf(grant)
  const known = asked.filter((claim) => scopeOfClaim(claim))
  const given = known.filter((claim) => named.has(claim) || allowed.includes(scopeOfClaim(claim)!.name))
  const kept = known.filter((claim) => !given.includes(claim))
  const released = (scopes: string[]) => scopes.flatMap((scope) => Object.keys(identityScopes[scope]?.claims ?? {}))
  changeClaims(granted, given, [...kept, ...released(refused)])
  changeClaims(rejected, kept, [...given, ...released(allowed)])
}

function changeClaims(lists: Lists, added: string[], removed: string[]): void {
  const after = [...new Set([...(lists.openid?.claims ?? []), ...added])].filter((claim) => !removed.includes(claim))
  lists.openid = { ...lists.openid, claims: after.length > 0 ? after : undefined }
}
