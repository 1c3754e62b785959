/** How a fault is mended: as the rule that found it says, or by an example of what would stand there. */
import { explained } from './explained.ts'
import { nearest } from './nearest.ts'

/** What zod found, as far as it matters here. */
export interface Issue {
  code: string
  path: readonly PropertyKey[]
  message: string
  keys?: string[]
  params?: Record<string, unknown> | undefined
}

/** @param variables of the environment that the value came from */
export function mendOf(issue: Issue, at: readonly (string | number)[], variables: string[] = []): string {
  const where = variables.length > 0 ? ` The value comes from ${variables.join(' and ')}.` : ''
  return `${ownOf(issue) ?? (issue.code === 'unrecognized_keys' ? unknownNames(issue, at) : byExample(issue, at))}${where}`
}

const ownOf = ({ params }: Issue): string | undefined => (typeof params?.mend === 'string' ? params.mend : undefined)

function unknownNames({ keys = [] }: Issue, at: readonly (string | number)[]): string {
  const names = Object.keys(explained(at)?.properties ?? {})
  return keys
    .map((key) => {
      const meant = nearest(key, names)
      if (meant !== undefined) return `Write ${meant} for ${key}.`
      return `Remove ${key}${names.length > 0 ? `; what may stand here: ${names.join(', ')}` : ''}.`
    })
    .join(' ')
}

function byExample({ code, message }: Issue, at: readonly (string | number)[]): string {
  if (code === 'invalid_key') return `Write another name for ${at.at(-1)}.`
  // Of a list, what is known is known of the whole.
  const place = at.slice(0, at.findLastIndex((member) => typeof member === 'string') + 1)
  const { description, default: fallback, examples: [example = fallback] = [] } = explained(place) ?? {}
  const name = String(place.at(-1) ?? 'the file')
  const shown = example === undefined ? name : `${name}: ${inYaml(example)}`
  const verb = message === isMissing ? 'Add' : 'Change'
  // A comment that goes on from the value beside it: "ES256   # or RS256".
  const others = description?.startsWith('or ') ? `, ${plain(description)}` : ''
  return [
    example === undefined ? `${verb} ${shown}.` : `${message === isMissing ? 'Add' : 'Write'} for example ${shown}${others}.`,
    ...(description && others === '' ? [`What it is: ${plain(description)}.`] : []),
    ...(fallback === undefined ? [] : [`Without the line it is ${inYaml(fallback)}.`]),
  ].join(' ')
}

const inYaml = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value))
/** The default is said apart. */
const plain = (description: string): string => description.replace(/\s*\(default[^)]*\)/, '').replace(/\.$/, '')

/** What is said of a setting that is needed and not there. */
export const isMissing = 'is missing'
