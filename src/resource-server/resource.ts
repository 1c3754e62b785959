/** What an API calls itself and what may be allowed there. Declared once; the audience, the metadata and the challenges come from it. */
import { secureUrl, withoutEmptyPath } from './url.ts'

/** A scope: the sentence that says what it allows, and the scopes that whoever holds it holds as well. */
export interface ScopeDefinition<S extends string> {
  description: string
  implies?: readonly S[]
}

export interface ResourceDefinition<S extends string> {
  /** RFC 8707 resource indicator of this API, e.g. `https://api.example.com`: the `aud` of its tokens, `resource` of its metadata. */
  id: string
  scopes: { readonly [K in S]: string | ScopeDefinition<NoInfer<S>> }
  /** Accept an `http` identifier outside of loopback. Tokens then travel in the clear; for closed networks alone. */
  dangerouslyAllowHttp?: boolean
}

export interface Resource<S extends string> {
  readonly id: string
  /** `id` as an `aud` is compared with it: without an empty path. */
  readonly audience: string
  /** Each scope with its sentence, in the order of declaration. */
  readonly scopes: ReadonlyMap<S, string>
  /** @returns the scopes of this API that a `scope` claim grants, the implied ones included; words of other APIs are left out. */
  granted(scope: unknown): ReadonlySet<S>
}

/** The scopes of a resource, as a type: `ScopeOf<typeof notes>`. */
export type ScopeOf<R> = R extends Resource<infer S> ? S : never

const mostKnown = 256

// RFC 6749 s3.3: printable ASCII without space, quote and backslash.
const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/

/**
 * Declares an API.
 * Validates: the identifier (absolute, no fragment: RFC 8707 s2; https: RFC 9728 s1.2), the names of the scopes (RFC 6749 s3.3), that implied scopes exist.
 * @throws TypeError
 */
export function defineResource<const S extends string>(definition: ResourceDefinition<S>): Resource<S> {
  secureUrl(definition.id, 'resource id', definition.dangerouslyAllowHttp)
  // The names of a list are 0, 1, 2: each scope that a token has would be lacking.
  if (definition.scopes === null || typeof definition.scopes !== 'object' || Array.isArray(definition.scopes))
    throw new TypeError(`scopes must be an object such as { 'notes:read': 'Read your notes' }`)
  const entries = Object.entries(definition.scopes) as [S, string | ScopeDefinition<S>][]
  const scopes = new Map<S, string>()
  const implied = new Map<S, readonly S[]>()
  for (const [name, value] of entries) {
    if (!scopeToken.test(name)) throw new TypeError(`${JSON.stringify(name)} is no scope: see RFC 6749 section 3.3`)
    scopes.set(name, typeof value === 'string' ? value : value.description)
    implied.set(name, typeof value === 'string' ? [] : (value.implies ?? []))
  }
  for (const name of [...implied.values()].flat()) {
    if (!scopes.has(name)) throw new TypeError(`an implied scope is not declared: ${JSON.stringify(name)}`)
  }

  const closure = new Map(entries.map(([name]) => [name, reach(name, implied)]))
  // What an app asks for is the same in all its tokens.
  const known = new Map<string, ReadonlySet<S>>()
  function granted(scope: unknown): ReadonlySet<S> {
    // A claim that is no string grants nothing.
    if (typeof scope !== 'string') return new Set()
    const before = known.get(scope)
    if (before) return before
    if (known.size >= mostKnown) known.clear()
    const held = grantedBy(scope, closure)
    known.set(scope, held)
    return held
  }
  return Object.freeze({
    id: definition.id,
    audience: withoutEmptyPath(definition.id),
    scopes,
    granted,
  })
}

/** Everything that follows from holding `name`, itself included; a circle of implications ends by itself. */
function reach<S extends string>(name: S, implied: ReadonlyMap<S, readonly S[]>): ReadonlySet<S> {
  const found = new Set([name])
  for (const scope of found) for (const next of implied.get(scope) ?? []) found.add(next)
  return found
}

// RFC 6749 s3.3: words between single spaces, case-sensitive. A tab or another separator makes one word, which no API declares.
function grantedBy<S extends string>(scope: string, closure: ReadonlyMap<string, ReadonlySet<S>>): Set<S> {
  const held = new Set<S>()
  for (const word of scope.split(' ')) for (const name of closure.get(word) ?? []) held.add(name)
  return held
}
