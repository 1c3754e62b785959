/**
 * Rich authorization requests (RFC 9396). A detail is granted whole or not at all: what the person was shown is what the token says, and at
 * the token endpoint a client may ask for fewer of them, never for others.
 */
import {
  type AuthorizationDetailsForIntrospection,
  errors,
  type Grant,
  type KoaContextWithOIDC,
  type RichAuthorizationRequestsActiveConfiguration,
  type RichAuthorizationRequestsDisabledConfiguration,
} from 'oidc-provider'
import { mayAddress } from '../../permissions/allowed.ts'
import type { Apis } from '../../permissions/apis.ts'
import { type Detail, detailFault, mayGrant, sameDetail } from '../../permissions/details.ts'
import type { OurClient } from '../clients/our-client.ts'
import { skipsConsent } from '../policy/grants.ts'
import { defaultApi } from '../policy/resource.ts'
import { isMachine, rolesOf } from '../policy/roles.ts'

type Feature =
  | RichAuthorizationRequestsDisabledConfiguration
  | (RichAuthorizationRequestsActiveConfiguration & {
      authorizationDetailsForIntrospection: AuthorizationDetailsForIntrospection
    })
/** What a grant remembers; in the library's types it is opaque. */
type Remembering = { rar?: Detail[] }

/** What a consent page ends in. */
export type Consent = {
  grantId: string
  /** The authorization details that were shown and allowed: of all that the request names, only these. */
  details: Detail[]
}

const mostDetails = 20
const mostRemembered = 100

export function richRequests(apis: Apis): Feature {
  if (apis.detailTypes.size === 0) return { enabled: false }
  const validate = (ctx: KoaContextWithOIDC, detail: unknown, client: unknown) =>
    check(apis, ctx, detail as Detail, client as OurClient)
  return {
    enabled: true,
    types: Object.fromEntries([...apis.detailTypes.keys()].map((type) => [type, { validate }])),
    authorizationDetailsForGrantSource: (ctx) => granted(apis, ctx),
    authorizationDetailsForAccessToken: (ctx, token, source) =>
      issued(apis, ctx, token.resourceServer?.audience, (source as Remembering | undefined)?.rar),
    // Of what the library introspects itself, which are refresh tokens: their client knows what was granted.
    authorizationDetailsForIntrospection: (_ctx, token) => (token as Remembering).rar as never,
  }
}

/** @throws errors.InvalidAuthorizationDetails (RFC 9396 s5) */
function check(apis: Apis, ctx: KoaContextWithOIDC, detail: Detail, client: OurClient): void {
  const type = apis.detailTypes.get(detail.type)!
  const fault = (message: string) => new errors.InvalidAuthorizationDetails(`${detail.type}: ${message}`)
  const wrong = detailFault(type, detail)
  if (wrong !== undefined) throw fault(wrong)
  if (requestedDetails(ctx).length > mostDetails) throw fault(`a request has at most ${mostDetails} details`)
  // A set says what was granted, and cannot say how often: one payment is not two.
  if (requestedDetails(ctx).filter((one) => sameDetail(one, detail)).length > 1) throw fault('a detail is named twice')
  const api = apis.find(type.api)!
  if (!mayAddress(api, client)) throw fault('its API is not one that this client may ask for')
  // At the token endpoint the API is told by the token.
  if (ctx.oidc.route === 'token') return
  const named = [ctx.oidc.params?.resource ?? defaultApi(apis, client)].flat() as string[]
  if (!named.some((identifier) => apis.find(identifier) === api)) throw fault(`name its API as resource: ${api.identifier}`)
}

/** The details that a request names, which the library has found to be in order. */
const requestedDetails = (ctx: KoaContextWithOIDC): Detail[] => detailsIn(ctx.oidc.params?.authorization_details)

/** @param parameter as it was sent */
export function detailsIn(parameter: unknown): Detail[] {
  return typeof parameter === 'string' ? (JSON.parse(parameter) as Detail[]) : []
}

export const isRemembered = (grant: Grant | undefined, detail: Detail): boolean =>
  ((grant as Remembering | undefined)?.rar ?? []).some((one) => sameDetail(one, detail))

/** Keeps what was granted for the next time. The oldest leave, so that a grant does not grow with every amount that was ever paid. */
export function remember(apis: Apis, grant: Grant, details: Detail[]): void {
  const remembering = grant as Remembering
  const kept = details.filter((detail) => apis.detailTypes.get(detail.type)?.remember)
  const before = (remembering.rar ?? []).filter((one) => !kept.some((detail) => sameDetail(one, detail)))
  if (kept.length > 0) remembering.rar = [...before, ...kept].slice(-mostRemembered)
}

/** Details of the request that its person could be asked about and was not asked before. */
export function openDetails(apis: Apis, ctx: KoaContextWithOIDC): Detail[] {
  const { client, grant } = ctx.oidc
  if (consentOf(ctx) || skipsConsent(client as OurClient)) return []
  return grantableNow(apis, ctx, requestedDetails(ctx)).filter((detail) => !isRemembered(grant, detail))
}

/** Judged anew each time, since a type, an API or a role may have been taken away since a detail was granted. */
export function grantable(apis: Apis, client: OurClient, roles: string[] | undefined, details: Detail[]): Detail[] {
  return details.filter(({ type }) => {
    const known = apis.detailTypes.get(type)
    const mayAsk = client.authorizationDetailsTypes?.includes(type) && known && mayAddress(apis.find(known.api)!, client)
    return mayAsk === true && mayGrant(known!, roles)
  })
}

const grantableNow = (apis: Apis, ctx: KoaContextWithOIDC, details: Detail[]): Detail[] =>
  grantable(apis, ctx.oidc.client as OurClient, rolesOf(ctx), details)

function granted(apis: Apis, ctx: KoaContextWithOIDC): Detail[] {
  const allowed = consentOf(ctx)?.details
  const open = openDetails(apis, ctx)
  return grantableNow(apis, ctx, requestedDetails(ctx)).filter((detail) =>
    allowed ? allowed.some((one) => sameDetail(one, detail)) : !open.includes(detail),
  )
}

/** The answer that the consent page of this very request got, as long as its grant lives. */
function consentOf({ oidc }: KoaContextWithOIDC): Consent | undefined {
  const consent = oidc.result?.consent as Consent | undefined
  return consent?.grantId === oidc.grant?.jti ? consent : undefined
}

/**
 * What an access token says: what was granted, or the part of it that the token request names, for the token's API, as far as the person's
 * roles still go.
 * @param source what the code, or the refresh token, holds; undefined for a machine, whose request is its own
 * @throws errors.InvalidAuthorizationDetails (RFC 9396 s6) when more or other is asked for
 */
function issued(apis: Apis, ctx: KoaContextWithOIDC, audience: unknown, source: Detail[] | undefined): Detail[] {
  const asked = requestedDetails(ctx)
  const machine = isMachine(ctx)
  const all = machine ? asked : (source ?? [])
  refuseMore(asked, all)
  const chosen = asked.length > 0 ? asked : all
  const api = apis.find(String(audience))
  const forThisApi = grantableNow(apis, ctx, chosen).filter(({ type }) => apis.find(apis.detailTypes.get(type)!.api) === api)
  // RFC 9396 s5: for a machine nobody else decides what its request meant.
  if (machine && forThisApi.length < asked.length)
    throw new errors.InvalidAuthorizationDetails('a detail belongs to another API than the token')
  return forThisApi
}

/**
 * The same, before anything is issued.
 * @param source the code, or the refresh token
 * @throws errors.InvalidAuthorizationDetails (RFC 9396 s6) when the token request names more or other than it holds
 */
export function refuseMoreThanGranted(ctx: KoaContextWithOIDC, source: object): void {
  refuseMore(requestedDetails(ctx), (source as Remembering).rar ?? [])
}

function refuseMore(asked: Detail[], granted: Detail[]): void {
  if (!asked.every((detail) => granted.some((one) => sameDetail(one, detail))))
    throw new errors.InvalidAuthorizationDetails('more was asked for than was granted')
}
