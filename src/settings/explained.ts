/** What the reference knows of a setting, for whoever got it wrong: read from `config/settings.schema.json` when something is. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Known {
  description?: string
  default?: unknown
  examples?: unknown[]
  properties?: Record<string, Known>
  additionalProperties?: Known | boolean
  items?: Known
}

const file = path.resolve(import.meta.dirname, '../../config/settings.schema.json')
let known: Known | undefined

/** @returns undefined for a place that no setting has */
export function explained(at: readonly (string | number)[]): Known | undefined {
  known ??= JSON.parse(readFileSync(file, 'utf8')) as Known
  return at.reduce<Known | undefined>(memberOf, known)
}

function memberOf(setting: Known | undefined, name: string | number): Known | undefined {
  const { properties = {}, additionalProperties, items } = setting ?? {}
  if (typeof name === 'number') return items
  if (Object.hasOwn(properties, name)) return properties[name]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}
