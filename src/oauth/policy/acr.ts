/** What a sign-in is worth, in the words of whoever asks (OpenID Connect Core s5.5.1.1 and s3.1.2.1). */
import { splitScope } from '../../permissions/scopes.ts'
import type { Settings } from '../../settings/load.ts'

/**
 * The name that a sign-in gets: the first that was asked for and that the operator lists for its kind, else the operator's first.
 * @param params of the authorization request, `claims` as it was sent
 */
export function acrOfSignIn(listed: string[], params: Record<string, unknown>): string {
  const asked = [...acrOfClaims(params.claims), ...splitScope(params.acr_values)]
  return asked.find((acr) => listed.includes(acr)) ?? (listed[0] as string)
}

/** The values of `acr` in a claims parameter, which the library has found to be an object. */
function acrOfClaims(claims: unknown): string[] {
  if (typeof claims !== 'string') return []
  return acrValues(JSON.parse(claims).id_token?.acr)
}

/** @param request of the claim `acr`: `{ value }` or `{ values }` */
export function acrValues(request: unknown): string[] {
  const { value, values } = (request ?? {}) as { value?: unknown; values?: unknown }
  return [value, values].flat().filter((one) => typeof one === 'string')
}

/** All that a sign-in here can be worth, the ordinary kind first. */
export const possibleAcrs = ({ acrValues, byLink, linkAcrValues }: Settings['signIn']): string[] =>
  byLink ? [...new Set([...acrValues, ...linkAcrValues])] : acrValues
