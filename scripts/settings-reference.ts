/**
 * `npm run settings:reference` writes what is known of the settings in two further forms: a page for people, and a JSON Schema for editors.
 * What a setting may be comes from the schema, what it is for from the comments of `config/signet.yaml`; nothing is said twice.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { z } from 'zod'
import { settingsSchema } from '../src/settings/schema.ts'
import { type Reader, variables } from '../src/settings/variables.ts'

export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  anyOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  minimum?: number
  maximum?: number
  description?: string
}

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** A setting that is commented out, as opposed to a sentence. */
const commentedOut = /^( *)# ( *(?:- )?[A-Za-z]+:(?: .*)?)$/

/** What the file says of a setting, and what it shows there. */
interface Shown {
  text: string
  example?: unknown
}

/** By the path of a setting, e.g. `apis.*.name`. */
export function sentences(schema: JsonSchema): Map<string, Shown> {
  const everything = read('config/signet.yaml')
    .split('\n')
    .filter((line) => line !== 'clients: []')
    .map((line) => line.replace(commentedOut, '$1$2').replace(/\$\{\w+:-([^}]*)\}/g, '$1'))
    .join('\n')
  const said = new Map<string, Shown>()
  walk(parseDocument(everything).contents, schema, [], said)
  return said
}

function walk(node: Node | null, schema: JsonSchema | undefined, at: string[], said: Map<string, Shown>): void {
  if (isSeq(node)) for (const item of node.items) walk(item as Node, schema?.items, [...at, '*'], said)
  if (!isMap(node)) return
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue
    const name = String(key.value)
    const here = [...at, schema?.properties && Object.hasOwn(schema.properties, name) ? name : '*']
    const { comment, commentBefore } = (value ?? {}) as Node
    // The first comment of the file is about the file; a sentence stands after its last empty line.
    const before = key.commentBefore?.split(/\n *\n/).at(-1)
    const text = [before, comment, commentBefore].flatMap((one) => one ?? []).join(' ')
    keep(said, here.join('.'), text, memberOf(schema, name) && (value as Node | null))
    walk(value as Node | null, memberOf(schema, name), here, said)
  }
}

/** The first word on a setting counts, and the first value. */
function keep(said: Map<string, Shown>, at: string, comments: string, value: Node | null | undefined): void {
  const known = said.get(at)
  // One that is commented out within what is commented out keeps a sign of it.
  const text =
    known?.text ||
    comments
      .replace(/(^|\s)# /g, '$1')
      .replace(/\s+/g, ' ')
      .trim()
  const isLeaf = isScalar(value) || (isSeq(value) && value.items.every(isScalar))
  const example = known?.example ?? (isLeaf ? value.toJSON() : undefined)
  if (text || example !== undefined) said.set(at, { text, ...(example !== undefined && { example }) })
}

function memberOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  if (schema?.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name]
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

const fromVariable: JsonSchema & { pattern: string } = {
  type: 'string',
  pattern: '^(\\$\\{[A-Z][A-Z0-9_]*(:-[^}]*)?\\}|[0-9]{1,9})$',
}

/** Does NOT hold what only the server judges: how settings fit together, and whether an address or a key is one. */
export function jsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(settingsSchema, {
    io: 'input',
    override({ zodSchema, jsonSchema: made }) {
      const { def } = zodSchema._zod as { def: { type: string; defaultValue?: unknown } }
      // What is read from text as well loses its default on the way.
      if (def.type === 'default') made.default = def.defaultValue as never
    },
  }) as JsonSchema
  return described(numbersFromVariables(schema), sentences(schema), [])
}

/** Where a number stands, a variable of the environment may. */
function numbersFromVariables(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value) => {
    if (value?.type !== 'integer') return value
    const { default: fallback, ...number } = value
    return { anyOf: [number, fromVariable], ...(fallback !== undefined && { default: fallback }) }
  })
}

function described(schema: JsonSchema, said: Map<string, Shown>, at: string[]): JsonSchema {
  const inner = (one: JsonSchema, name: string) => described(one, said, [...at, name])
  const { properties, items, additionalProperties } = schema
  const { text, example } = said.get(at.join('.')) ?? { text: '' }
  return {
    ...(text && { description: text }),
    ...(example !== undefined && { examples: [example] }),
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one, name)])),
    }),
    ...(items && { items: inner(items, '*') }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: inner(additionalProperties, '*') }),
  }
}

const note = '<!-- Written by `npm run settings:reference` from src/settings/schema.ts and config/signet.yaml. -->'

export function page(): string {
  const schema = jsonSchema()
  const sections = Object.entries(schema.properties ?? {}).map(([name, one]) => section(name, one))
  return `# Settings

${note}

They stand in \`config/signet.yaml\`, or in the file that \`SIGNET_CONFIG\` names. A name that is not known is refused, and \`npm run signet -- settings check\`
says every fault at once, and how to mend it. \`\${NAME}\` and \`\${NAME:-value}\` are taken from the environment. In paths, \`*\` stands for each member of a list, or for a name of
your own. An editor that reads \`config/settings.schema.json\` completes and checks as you type.

## Variables of the environment

| variable | what it is for | read by |
|---|---|---|
${variableRows()}

${sections.join('\n')}`
}

/** Where the file names one, it does what the file says there. */
const variableRows = () =>
  Object.entries(variables)
    .map(([name, { what, readBy }]) => `| \`${name}\` | ${what} | ${readBy.map((one) => readers[one]).join(', ')} |`)
    .join('\n')

const readers: Record<Reader, string> = {
  signet: 'every command',
  'the file': '`config/signet.yaml`',
  'sample API': 'the sample API',
  'sample client': 'the sample client',
}

function section(name: string, schema: JsonSchema): string {
  const rows = rowsOf(schema, name)
  const own = `| \`${name}\` | ${kindOf(schema)} | ${fallbackOf(schema)} |  |`
  const lines = rows.length > 0 ? rows : [own]
  const intro = schema.description ? `${cell(schema.description)}\n\n` : ''
  return `## ${name}\n\n${intro}| setting | value | default | what it is for |\n|---|---|---|---|\n${lines.join('\n')}\n`
}

function rowsOf(schema: JsonSchema, at: string): string[] {
  const members = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : schema.items
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const here = `${at}.${name}`
    const must = schema.required?.includes(name) ? '(needed)' : fallbackOf(one)
    return [`| \`${here}\` | ${kindOf(one)} | ${must} | ${cell(one.description ?? '')} |`, ...rowsOf(one, here)]
  })
  return members ? [...named, ...rowsOf(members, `${at}.*`)] : named
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function fallbackOf({ default: fallback }: JsonSchema): string {
  const isEmpty = typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0
  return fallback === undefined || isEmpty ? '' : cell(`\`${JSON.stringify(fallback)}\``)
}

function kindOf(schema: JsonSchema): string {
  const { anyOf, enum: values, const: value, type, minimum, maximum, items } = schema
  if (values) return values.map((one) => `\`${one}\``).join(', ')
  if (value !== undefined) return `\`${value}\``
  if (anyOf) return [...new Set(anyOf.filter((one) => !isVariable(one)).map(kindOf))].join(' or ')
  if (type === 'integer') return `whole number, ${minimum} to ${maximum}`
  if (type === 'array') return `list of ${items ? kindOf(items) : 'anything'}`
  return { string: 'text', boolean: 'true or false', object: 'names and values', number: 'number' }[type ?? ''] ?? 'as explained'
}

const isVariable = (schema: JsonSchema) => JSON.stringify(schema) === JSON.stringify(fromVariable)

export const files: Record<string, () => string> = {
  'docs/settings.md': page,
  'config/settings.schema.json': () => `${JSON.stringify(jsonSchema(), null, 2)}\n`,
}

if (import.meta.main) for (const [file, text] of Object.entries(files)) writeFileSync(path.join(root, file), text())
