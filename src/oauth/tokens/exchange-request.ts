/** What a request for an exchange asks, and whether it may: RFC 8693 s2.1, without a look at who is behind the subject token. */
import { errors } from 'oidc-provider'
import { allowedScopes, mayAddress } from '../../permissions/allowed.ts'
import type { Api, Apis } from '../../permissions/apis.ts'
import { splitScope } from '../../permissions/scopes.ts'
import type { OurClient } from '../clients/our-client.ts'
import { mayBeSignedFor } from '../policy/fapi.ts'
import type { AccessTokenClaims, Actor } from './access-tokens.ts'
import { isServedBy } from './introspection.ts'
import type { LivingToken } from './living-tokens.ts'

/** Those that may be there more than once. */
export const repeatableParameters = ['audience', 'resource'] as const
export const exchangeParameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'scope',
  ...repeatableParameters,
] as const

type Repeatable = (typeof repeatableParameters)[number]
export type ExchangeParameters = { [name in Exclude<(typeof exchangeParameters)[number], Repeatable>]?: string } & {
  [name in Repeatable]?: string | string[]
}

/** RFC 8693 s3. Our access tokens are JWTs, and are taken under both names. */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
/** Of ours: RFC 8693 s3 lets others be used. */
const apiKeyTokenType = 'urn:signet:params:oauth:token-type:api_key'
const subjectTypes = [accessTokenType, jwtType, apiKeyTokenType]

/** How many clients may stand one behind the other: each hop makes the token longer and the story harder to follow. */
const mostActors = 5

/** @returns the subject token, and whether it is said to be an API key. @throws errors.InvalidRequest */
export function subjectTokenOf(asked: ExchangeParameters): { token: string; isKey: boolean } {
  if (!asked.subject_token) throw new errors.InvalidRequest('subject_token is missing')
  if (!subjectTypes.includes(asked.subject_token_type ?? ''))
    throw new errors.InvalidRequest(`subject_token_type must be one of ${subjectTypes.join(' ')}`)
  if (asked.requested_token_type !== undefined && asked.requested_token_type !== accessTokenType)
    throw new errors.InvalidRequest(`requested_token_type must be ${accessTokenType}`)
  // The actor is the client that authenticates here; nobody acts for a third party.
  if (asked.actor_token !== undefined || asked.actor_token_type !== undefined)
    throw new errors.InvalidRequest('actor_token is not supported: the client itself is the actor')
  return { token: asked.subject_token, isKey: asked.subject_token_type === apiKeyTokenType }
}

/**
 * The API that the new token is for: the one that is named, however often, or the only one there is.
 * @throws errors.InvalidTarget (RFC 8693 s2.2.2) for none, several, an unknown one, and one that is not this client's
 */
export function targetOf({ audience = [], resource = [] }: ExchangeParameters, client: OurClient, apis: Apis): Api {
  const named = [audience, resource].flat()
  const meant = named.length > 0 ? named : Object.keys(client.exchanges)
  const found = new Set(meant.map((identifier) => apis.find(identifier)))
  const [api] = found
  if (found.size !== 1 || !api || !mayAddress(api, { apis: client.exchanges }) || !mayBeSignedFor(client, api))
    throw new errors.InvalidTarget('name one API that this client may exchange tokens for')
  return api
}

type Exchangeable = Required<Pick<LivingToken, 'claims' | 'account'>> & { key: LivingToken['key'] }

/**
 * The subject token, or key, has to be a person's, and for the very API that the client is: that it holds the token is then no accident. A machine's
 * is refused: with the service's `client_id` beside the machine's `sub`, an API would take it for a person's (RFC 9068 s2.2, s5).
 * Does NOT ask for the proof of a key that the subject token is bound to: its holder gave that proof to the client, whose API it called.
 * @throws errors.InvalidRequest (RFC 8693 s2.2.2), in the same words whatever is wrong, so that nothing is learnt of a token of others
 */
export function exchangeable(living: LivingToken | undefined, client: OurClient): Exchangeable {
  const { claims, account, key } = living ?? {}
  if (claims && account && isServedBy(claims, client)) {
    if (actorsOf(claims) < mostActors) return { claims, account, key }
    throw new errors.InvalidRequest(`subject_token was exchanged ${mostActors} times already`)
  }
  throw new errors.InvalidRequest('subject_token is no access token or API key of a person that this client may exchange')
}

function actorsOf({ act }: AccessTokenClaims): number {
  let actors = 0
  for (let actor: Actor | undefined = act; actor; actor = actor.act) actors += 1
  return actors
}

/**
 * What is asked (or all there is) ∩ what the settings let this client have there ∩ what the person's roles allow. The person is not asked:
 * that one service may call another in their name is the operator's word. At the very API that the subject token is for, nothing is gained; nor at that
 * of an API key, however many services stand between.
 * @throws errors.InvalidScope when nothing is left
 */
export function exchangedScopes(
  { scope }: ExchangeParameters,
  { client, api, claims, key, roles }: Omit<Exchangeable, 'account'> & { client: OurClient; api: Api; roles: string[] },
): string[] {
  const asked = splitScope(scope)
  const { aud, scope: held } = claims
  const bounds = [{ aud, scopes: splitScope(held) }, ...(key ? [{ aud: key.audience, scopes: key.scopes }] : [])]
  const isWithin = (one: string) =>
    bounds.every((bound) => !isServedBy(bound, { serves: [api.identifier] }) || bound.scopes.includes(one))
  const scopes = allowedScopes(api, { apis: client.exchanges }, roles).filter(
    (one) => (asked.length === 0 || asked.includes(one)) && isWithin(one),
  )
  if (scopes.length === 0) throw new errors.InvalidScope('none of the requested scopes is allowed', scope ?? '')
  return scopes
}
