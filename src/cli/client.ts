import { Refusal } from '../base/errors.ts'
import { createApis } from '../permissions/apis.ts'
import type { Settings } from '../settings/load.ts'
import { answer, withParts } from './run.ts'

interface NewClientOptions {
  kind: string
  id?: string
  redirectUri?: string[]
  postLogoutRedirectUri?: string[]
  api?: string[]
  firstParty?: boolean
  pkceExempt?: boolean
  json?: boolean
}

export async function addClient(name: string, options: NewClientOptions): Promise<void> {
  await withParts(async ({ clients, settings }) => {
    const { registration, secret } = await clients.add({
      name,
      kind: options.kind,
      ...(options.id && { id: options.id }),
      redirectUris: options.redirectUri,
      postLogoutRedirectUris: options.postLogoutRedirectUri,
      apis: apiOptions(options.api ?? [], settings),
      firstParty: options.firstParty,
      pkceExempt: options.pkceExempt,
    })
    const { secretDigests: _, ...shown } = registration
    const lines = [`client_id      ${registration.id}`]
    if (secret) lines.push(`client_secret  ${secret}   (shown once; only its digest is kept)`)
    answer(options.json, { ...shown, ...(secret && { secret }) }, [...lines, `issuer         ${settings.issuer}`])
  })
}

/** `https://api.example.com=read,write`; without `=`, every scope of the API. */
function apiOptions(options: string[], settings: Settings): Record<string, string[]> {
  const apis = createApis(settings.apis, settings.issuer, settings.theme.title)
  return Object.fromEntries(
    options.map((option) => {
      const at = option.indexOf('=')
      const identifier = at < 0 ? option : option.slice(0, at)
      const api = apis.find(identifier)
      if (!api) throw new Refusal('unknown_api', `There is no API ${identifier} in the settings.`)
      const scopes = at < 0 ? Object.keys(api.scopes) : option.slice(at + 1).split(',')
      const unknown = scopes.find((scope) => !Object.hasOwn(api.scopes, scope))
      if (unknown !== undefined) throw new Refusal('unknown_scope', `${api.identifier} has no scope "${unknown}".`)
      return [api.identifier, scopes]
    }),
  )
}

export async function listClients({ json }: { json?: boolean }): Promise<void> {
  const all = await withParts(({ clients }) => clients.list(10_000))
  const shown = all.map(({ secretDigests: _, ...registration }) => registration)
  answer(
    json,
    shown,
    shown.length ? shown.map(({ id, kind, name }) => `${id.padEnd(24)} ${kind.padEnd(8)} ${name}`) : ['There are no clients.'],
  )
}

export async function removeClient(id: string, { json }: { json?: boolean }): Promise<void> {
  await withParts(({ clients }) => clients.remove(id))
  answer(json, { removed: id }, [`Removed ${id}. Its refresh tokens are dead; an access token lives to its end.`])
}
