/** In the settings file, `${NAME}` and `${NAME:-default}` stand for variables of the environment. */
import type { Fault } from './invalid.ts'

export type Environment = Record<string, string | undefined>

export interface Filled {
  value: unknown
  /** By the path of a text, its members joined by dots: the variables that were set and stand in it. */
  variables: Map<string, string[]>
  /** Of variables that are asked for and not set. */
  missing: Fault[]
}

/** Fills every string of the file, keys included: an API's identifier is often a key. */
export function fromEnvironment(given: unknown, env: Environment): Filled {
  const variables = new Map<string, string[]>()
  const missing: Fault[] = []
  return { value: filled(given, []), variables, missing }

  function filled(value: unknown, path: string[]): unknown {
    if (typeof value === 'string') return filledText(value, path)
    if (Array.isArray(value)) return value.map((member, index) => filled(member, [...path, String(index)]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([given, member]) => {
        const key = filledText(given, path)
        return [key, filled(member, [...path, key])]
      }),
    )
  }

  function filledText(text: string, path: string[]): string {
    return text.replace(/\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}/g, (_whole, name: string, fallback: string | undefined) => {
      const found = env[name] || fallback
      if (found === undefined) {
        const mend = `Set ${name}, or write \${${name}:-value} to have a value without it.`
        missing.push({ path, message: `asks for the environment variable ${name}, which is not set`, mend })
        return ''
      }
      const at = path.join('.')
      if (env[name]) variables.set(at, [...(variables.get(at) ?? []), name])
      return found
    })
  }
}
