/** How faults of settings and registrations are said, where a schema says nothing of its own. Never by the value: it may be a secret. */
import type { z } from 'zod'
import { isMissing } from './mend.ts'
import { nearest } from './nearest.ts'

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of names and values',
  record: 'a set of names and values',
}

/** For the `error` of a parse; what it leaves to zod is undefined. */
export function inOurVoice(issue: RawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownName(key, namesOf(issue))).join('; ')
  // A key of a record: what its own schema says.
  if (issue.code === 'invalid_key') return issue.issues[0]?.message
  if ((issue.code === 'invalid_value' || issue.code === 'invalid_type') && issue.input === undefined) return isMissing
  if (issue.code === 'invalid_value') return `has to be ${oneOf(issue.values.map(String))}`
  if (issue.code === 'invalid_type' && Object.hasOwn(kinds, issue.expected)) return `has to be ${kinds[issue.expected]}`
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return isUrl(issue.input) ? 'has to be a URL with another scheme' : 'has to be a URL'
  if (issue.code === 'too_small') return amount(issue.origin, Number(issue.minimum), 'at least')
  if (issue.code === 'too_big') return amount(issue.origin, Number(issue.maximum), 'at most')
  return undefined
}

const isUrl = (input: unknown): boolean => typeof input === 'string' && URL.canParse(input)

function amount(origin: string, count: number, bound: 'at least' | 'at most'): string {
  if (count === 1 && bound === 'at least') return 'must not be empty'
  return `has to have ${bound} ${count} ${origin === 'string' ? 'characters' : 'entries'}`
}

const oneOf = (values: string[]): string => (values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`)

/** What the strict object that refused a name has; an undocumented member of zod's, held by `voice.test.ts`. */
function namesOf(issue: RawIssue): string[] {
  const { shape = {} } = (issue.inst as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def ?? {}
  return Object.keys(shape)
}

function unknownName(name: string, known: string[]): string {
  const meant = nearest(name, known)
  return `"${name}" is not known here${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}
