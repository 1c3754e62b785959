import { Refusal } from '../base/errors.ts'
import { createApis } from '../permissions/apis.ts'
import type { Settings } from '../settings/load.ts'
import { skewSeconds } from '../tokens/revocation.ts'
import { dateOf, inWords, shownOf } from './client-words.ts'
import { answer, withParts } from './run.ts'

interface NewClientOptions {
  kind: string
  id?: string
  redirectUri?: string[]
  postLogoutRedirectUri?: string[]
  api?: string[]
  firstParty?: boolean
  pkceExempt?: boolean
  members?: string
  json?: boolean
}

export async function addClient(name: string, options: NewClientOptions): Promise<void> {
  await withParts(async ({ clients, settings }) => {
    const { registration, secret } = await clients.add({
      ...membersOf(options.members),
      name,
      kind: options.kind,
      ...(options.id && { id: options.id }),
      ...(options.redirectUri && { redirectUris: options.redirectUri }),
      ...(options.postLogoutRedirectUri && { postLogoutRedirectUris: options.postLogoutRedirectUri }),
      ...(options.api && { apis: apiOptions(options.api, settings) }),
      ...(options.firstParty && { firstParty: true }),
      ...(options.pkceExempt && { pkceExempt: true }),
    })
    const shown = shownOf(registration)
    const lines = [`client_id      ${registration.id}`]
    if (secret) lines.push(`client_secret  ${secret}   (shown once; only its digest is kept)`)
    answer(options.json, { ...shown, ...(secret && { secret }) }, [...lines, `issuer         ${settings.issuer}`])
  })
}

/** @throws Refusal `invalid_option`; whether the members are in order is judged with all others */
function membersOf(json = '{}'): Record<string, unknown> {
  try {
    const members: unknown = JSON.parse(json)
    if (typeof members === 'object' && members !== null && !Array.isArray(members)) return members as Record<string, unknown>
  } catch {
    // Said below, with what is not an object.
  }
  throw new Refusal('invalid_option', '--members is a JSON object such as {"dpopBound":true}.')
}

/** How long a replaced secret may go on. */
export const keepTimes = { none: 0, '1h': 3_600, '24h': 86_400, '7d': 604_800 } as const

export async function rotateSecret(
  id: string,
  { keep, compromised: isCompromised = false, json }: { keep: keyof typeof keepTimes; compromised?: boolean; json?: boolean },
): Promise<void> {
  const keepSeconds = isCompromised ? 0 : keepTimes[keep]
  const { registration, secret, ended } = await withParts(({ clients }) =>
    clients.rotateSecret(id, keepSeconds, { isCompromised }),
  )
  answer(json, { ...shownOf(registration), secret, ended: ended.map(({ digest: _, ...known }) => known) }, [
    `client_secret  ${secret}   (shown once; only its digest is kept)`,
    keepSeconds ? `The secret before goes on for ${keep}.` : 'The secret before is dead.',
    ...(isCompromised
      ? [
          `So is every access token that the client was issued until now, and its API keys; ask for new ones in ${skewSeconds} seconds.`,
        ]
      : []),
    ...ended.map(({ hint = 'before that', expiresAt }) => {
      const promised = expiresAt === undefined ? '' : `, promised until ${dateOf(expiresAt)},`
      return `The secret ${hint}${promised} ends now: two at most live at a time.`
    }),
  ])
}

/** `https://api.example.com=read,write`; without `=`, every scope of the API. */
function apiOptions(options: string[], settings: Settings): Record<string, string[]> {
  const apis = createApis(settings.apis, settings.issuer, settings.theme.title)
  return Object.fromEntries(
    options.map((option) => {
      const at = option.indexOf('=')
      const identifier = at < 0 ? option : option.slice(0, at)
      const api = apis.find(identifier)
      if (!api) throw new Refusal('unknown_api', `There is no API ${identifier} in the settings: ${named(settings.apis)}.`)
      const scopes = at < 0 ? Object.keys(api.scopes) : option.slice(at + 1).split(',')
      const unknown = scopes.find((scope) => !Object.hasOwn(api.scopes, scope))
      if (unknown !== undefined) throw new Refusal('unknown_scope', `${api.identifier} has no scope "${unknown}".`)
      return [api.identifier, scopes]
    }),
  )
}

const named = (apis: Settings['apis']): string =>
  apis.length === 0 ? 'they declare none' : `there is ${apis.map(({ identifier }) => identifier).join(', ')}`

export async function listClients({ json }: { json?: boolean }): Promise<void> {
  const all = await withParts(({ clients }) => clients.list(10_000))
  const shown = all.map(shownOf)
  answer(
    json,
    shown,
    shown.length ? shown.map(({ id, kind, name }) => `${id.padEnd(24)} ${kind.padEnd(8)} ${name}`) : ['There are no clients.'],
  )
}

export async function showClient(id: string, { json }: { json?: boolean }): Promise<void> {
  const shown = await withParts(({ clients }) => clients.show(id))
  const { registration, declared, createdAt } = shown
  answer(json, { ...shownOf(registration), declared, ...(createdAt !== undefined && { createdAt }) }, inWords(shown))
}

export async function removeClient(id: string, { json }: { json?: boolean }): Promise<void> {
  await withParts(({ clients }) => clients.remove(id))
  answer(json, { removed: id }, [
    `Removed ${id}. Its refresh tokens and API keys are dead; an access token lives to its end where an API asks nobody and reads no list of revocations.`,
  ])
}
