/** A registration as it is printed: of its secrets what they are recognised by, never their digests. */
import { authenticationOf } from '../settings/client/authentication.ts'
import type { ClientRegistration, ClientSecret } from '../settings/client/registration.ts'

export const shownOf = ({ secretDigests, ...registration }: ClientRegistration) => ({
  ...registration,
  secrets: secretDigests.map(({ digest: _, ...known }) => known),
})

/** @param time seconds since the epoch */
export const dateOf = (time: number): string => `${new Date(time * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`

interface Shown {
  registration: ClientRegistration
  declared: boolean
  createdAt?: number
}

/** A line for each thing that it has; what is a list or a table has further lines below. What it does not have is left out. */
export function inWords({ registration, declared, createdAt }: Shown): string[] {
  const { id, name, kind, authentication: _, secretDigests, ...rest } = registration
  const rows: [string, string[]][] = [
    ['id', [id]],
    ['name', [name]],
    ['kind', [kind]],
    ['registered', [declared || createdAt === undefined ? 'in the settings' : dateOf(createdAt)]],
    ['authentication', [authenticationOf(registration)]],
    ['secrets', secretDigests.map(secretInWords)],
    ...Object.entries(rest).map(([member, value]): [string, string[]] => [member, valueInWords(value)]),
  ]
  const width = Math.max(...rows.map(([label]) => label.length)) + 2
  return rows.flatMap(([label, lines]) => lines.map((line, at) => `${(at === 0 ? label : '').padEnd(width)}${line}`))
}

function secretInWords({ hint = 'without a hint', createdAt, expiresAt }: ClientSecret): string {
  const made = createdAt === undefined ? [] : [`made ${dateOf(createdAt)}`]
  return [hint, ...made, expiresAt === undefined ? 'no end' : `ends ${dateOf(expiresAt)}`].join(', ')
}

function valueInWords(value: unknown): string[] {
  if (value === undefined || value === false) return []
  if (value === true) return ['yes']
  if (Array.isArray(value)) return value.map(String)
  if (typeof value !== 'object') return [String(value)]
  const lists = Object.entries(value as object)
  if (!lists.every(([, scopes]) => Array.isArray(scopes) && scopes.every((one) => typeof one === 'string')))
    return [JSON.stringify(value)]
  return lists.map(([identifier, scopes]) => `${identifier}  ${scopes.join(' ')}`.trimEnd())
}
