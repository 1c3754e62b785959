/** What an operation asks of a token beyond being good: scopes (RFC 6750 s3.1) and how its person signed in (RFC 9470). */
import type { Auth } from './auth.ts'
import { BearerError } from './errors.ts'
import type { Resource } from './resource.ts'

interface Terms<S extends string> {
  readonly all?: readonly S[]
  /** One of these is enough. The first is what a client without any is told to ask for. */
  readonly any?: readonly S[]
  /** Authentication context classes of which one is enough. */
  readonly acr?: readonly string[]
  /** The sign-in may be this many seconds old. */
  readonly maxAge?: number | undefined
  /** Lets a request without credentials pass, as nobody. A request with bad ones is refused all the same. */
  readonly optional?: boolean
}

/** One scope, several that are all needed, or an object that says more. */
export type Requirement<S extends string> = S | readonly S[] | Terms<S>

/** A requirement that was checked, in its full form. It is a `Requirement` itself. */
export type Need<S extends string> = Required<Omit<Terms<S>, 'maxAge'>> & Pick<Terms<S>, 'maxAge'>

const known = new WeakSet<object>()

/** @throws TypeError for a word or a scope that is not known, an `any` that nothing meets, an `acr` that fits no header, a `maxAge` that is no time */
export function needOf<S extends string>(requirement: Requirement<S> | undefined, resource: Resource<S>): Need<S> {
  if (isNeed(requirement)) return requirement
  const { all = [], any = [], acr = [], maxAge, optional = false, ...unknown } = inWords(requirement)
  // A word misspelt would ask for nothing, and an empty choice would be met by everyone.
  for (const word of Object.keys(unknown)) throw new TypeError(`a requirement has no ${JSON.stringify(word)}`)
  if (any.length === 0 && inWords(requirement).any) throw new TypeError('a requirement of any scope must name some')
  for (const scope of [...all, ...any]) {
    if (resource.scopes.has(scope)) continue
    throw new TypeError(
      `${JSON.stringify(scope)} is no scope of ${resource.id}: ${[...resource.scopes.keys()].join(', ') || 'it has none'}`,
    )
  }
  for (const value of acr) if (!/^[\x21-\x7E]+$/.test(value)) throw new TypeError(`${JSON.stringify(value)} is no acr value`)
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0))
    throw new TypeError(`maxAge must be whole seconds, got ${maxAge}`)
  const need = Object.freeze({ all: [...all], any: [...any], acr: [...acr], maxAge, optional })
  known.add(need)
  return need
}

function inWords<S extends string>(requirement: Requirement<S> = {}): Terms<S> {
  if (typeof requirement === 'string') return { all: [requirement] }
  return Array.isArray(requirement) ? { all: requirement } : (requirement as Terms<S>)
}

const isNeed = <S extends string>(value: Requirement<S> | undefined): value is Need<S> =>
  typeof value === 'object' && known.has(value)

/** The scopes with which the operation is certainly allowed, as few as possible. */
export const scopesToAskFor = <S extends string>({ all, any }: Need<S>): readonly S[] => [
  ...new Set([...all, ...any.slice(0, 1)]),
]

/**
 * Validates: scopes first, since no new sign-in makes up for a lacking one; then class and age of the sign-in.
 * A token without `acr` or `auth_time` was not made by a person who could show them, and does not meet either.
 */
export function enforce<S extends string>(need: Need<S>, auth: Auth<S, object>, now: number, clockTolerance: number): void {
  for (const scope of need.all) if (!auth.has(scope)) throw new BearerError('insufficient_scope')
  if (need.any.length > 0 && !need.any.some((scope) => auth.has(scope))) throw new BearerError('insufficient_scope')
  if (need.acr.length > 0 && !need.acr.includes(auth.acr ?? '')) throw new BearerError('authentication_too_weak')
  if (need.maxAge === undefined) return
  if (auth.authTime === undefined || now - auth.authTime > need.maxAge + clockTolerance)
    throw new BearerError('authentication_too_old')
}
