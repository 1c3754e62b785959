/** API keys as pages say them: what one is, and what one could be for. */
import type { KeyModel } from '../../pages/key-pages.ts'
import { scopesOfRoles } from '../../permissions/allowed.ts'
import { type Api, type Apis, scopeInWords } from '../../permissions/apis.ts'
import type { Account, ApiKeyRow } from '../../store/store.ts'

export function keyModel(apis: Pick<Apis, 'find'>, { name, audience, scopes, expiresAt }: ApiKeyRow): KeyModel {
  const api = apis.find(audience)
  return { name, api: api?.name ?? audience, sentences: scopes.map((scope) => scopeInWords(api, scope)), expiresAt }
}

/** @returns the APIs that take keys and have something that this person may do, with what that is */
export function apisFor(declared: Api[], { roles }: Account): { api: Api; scopes: string[] }[] {
  const taking = declared.filter(({ apiKeys }) => apiKeys).map((api) => ({ api, scopes: scopesOfRoles(api, roles) }))
  return taking.filter(({ scopes }) => scopes.length > 0)
}
