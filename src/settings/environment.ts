/** In the settings file, `${NAME}` and `${NAME:-default}` stand for variables of the environment. */
import { Refusal } from '../base/errors.ts'

export type Environment = Record<string, string | undefined>

export interface Filled {
  value: unknown
  /** By the path of a text, its members joined by dots: the variables that were set and stand in it. */
  variables: Map<string, string[]>
}

/** Fills every string of the file, keys included: an API's identifier is often a key. @throws Refusal `invalid_settings` */
export function fromEnvironment(given: unknown, env: Environment, file: string): Filled {
  const variables = new Map<string, string[]>()
  return { value: filled(given, []), variables }

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
      if (found === undefined)
        throw new Refusal('invalid_settings', `${file} asks for the environment variable ${name}, which is not set.`)
      const at = path.join('.')
      if (env[name]) variables.set(at, [...(variables.get(at) ?? []), name])
      return found
    })
  }
}
