/**
 * All that settings let be issued, in a form that lasts: so that what other settings allow no more is known, and can be ended. The clients are those of
 * the settings file alone; what the store has of others changes by commands, which end things themselves.
 */
import { digest } from '../crypto/derive.ts'
import { grantNamesOf } from '../settings/client/kinds.ts'
import type { ClientRegistration } from '../settings/client/registration.ts'
import type { Settings } from '../settings/load.ts'

export interface Allowance {
  /** By identifier: its scopes, each with the roles that may have it, or null where everybody may; and whether it takes API keys. */
  apis: Record<string, ApiAllowance>
  /** By id: what each may be issued, in words that are compared and nothing else. */
  clients: Record<string, string[]>
}

interface ApiAllowance {
  scopes: Record<string, string[] | null>
  apiKeys: boolean
}

/** What one allowance has and another has not. */
export interface TakenAway {
  /** APIs that are gone, or of which somebody could have more. */
  apis: string[]
  narrowedClients: string[]
  removedClients: string[]
}

type Allowing = Pick<Settings, 'apis' | 'clients'>

export function allowanceOf({ apis, clients }: Allowing): Allowance {
  const ofApis = apis.map(({ identifier, scopes, apiKeys }) => {
    const roles = Object.entries(scopes).map(([name, { roles = null }]) => [name, roles])
    return [identifier, { scopes: Object.fromEntries(roles), apiKeys }]
  })
  return { apis: Object.fromEntries(ofApis), clients: Object.fromEntries(clients.map((client) => [client.id, givenTo(client)])) }
}

function givenTo(client: ClientRegistration): string[] {
  const { apis, serves, exchanges } = client
  const scopesOf = (word: string, lists: Record<string, string[]>) =>
    Object.entries(lists).flatMap(([identifier, scopes]) => scopes.map((scope) => `${word} ${identifier} ${scope}`))
  return [
    ...grantNamesOf(client).map((grant) => `grant ${grant}`),
    ...scopesOf('scope', apis),
    ...scopesOf('exchange', exchanges),
    ...serves.map((identifier) => `serves ${identifier}`),
  ].toSorted()
}

/** The same for what allows the same, however it is written down. */
export const markOf = ({ apis, clients }: Allowance): string =>
  digest(
    JSON.stringify([
      sorted(apis).map(([id, { scopes, apiKeys }]) => [
        id,
        apiKeys,
        sorted(scopes).map(([name, roles]) => [name, roles?.toSorted()]),
      ]),
      sorted(clients),
    ]),
  )

const sorted = <T>(record: Record<string, T>): [string, T][] => Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

export function takenAway(before: Allowance, after: Allowance): TakenAway {
  const known = Object.entries(before.clients)
  const isNarrowed = (id: string, given: string[]) => {
    const now = own(after.clients, id)
    return now !== undefined && given.some((one) => !now.includes(one))
  }
  return {
    apis: Object.keys(before.apis).filter((id) => !covers(own(after.apis, id), own(before.apis, id) as ApiAllowance)),
    narrowedClients: known.filter(([id, given]) => isNarrowed(id, given)).map(([id]) => id),
    removedClients: known.map(([id]) => id).filter((id) => own(after.clients, id) === undefined),
  }
}

export const isNothing = ({ apis, narrowedClients, removedClients }: TakenAway): boolean =>
  apis.length + narrowedClients.length + removedClients.length === 0

/** Whether there were APIs before, and none of them is left. */
export const sharesNoApi = (before: Allowance, after: Allowance): boolean => {
  const known = Object.keys(before.apis)
  return known.length > 0 && !known.some((id) => Object.hasOwn(after.apis, id))
}

function covers(after: ApiAllowance | undefined, before: ApiAllowance): boolean {
  if (!after || (before.apiKeys && !after.apiKeys)) return false
  return Object.entries(before.scopes).every(([name, roles]) => {
    const now = own(after.scopes, name)
    return now === null || roles?.every((role) => now?.includes(role)) === true
  })
}

/** What either allows. */
export function joined(one: Allowance, other: Allowance): Allowance {
  const roles = (a: string[] | null, b: string[] | null) => (a === null || b === null ? null : union(a, b))
  const apis = (a: ApiAllowance, b: ApiAllowance) => ({
    scopes: merged(a.scopes, b.scopes, roles),
    apiKeys: a.apiKeys || b.apiKeys,
  })
  return { apis: merged(one.apis, other.apis, apis), clients: merged(one.clients, other.clients, union) }
}

function merged<T>(one: Record<string, T>, other: Record<string, T>, merge: (a: T, b: T) => T): Record<string, T> {
  const names = union(Object.keys(one), Object.keys(other))
  const of = (name: string): T => {
    const [a, b] = [own(one, name), own(other, name)]
    return a === undefined || b === undefined ? ((a === undefined ? b : a) as T) : merge(a, b)
  }
  return Object.fromEntries(names.map((name) => [name, of(name)]))
}

const union = (one: string[], other: string[]): string[] => [...new Set([...one, ...other])].toSorted()

/** A scope or a client may be called as what every object has. */
const own = <T>(record: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
