/** The reference and the JSON Schema of the settings are what the schema and the explained file say. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { parse } from 'yaml'
import { files, type JsonSchema, jsonSchema, sentences } from '../../scripts/settings-reference.ts'
import { variables } from '../../src/settings/variables.ts'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

describe('the reference of the settings', () => {
  for (const [file, text] of Object.entries(files)) {
    it(`${file} is what npm run settings:reference writes`, () => expect(read(file)).to.equal(text()))
  }

  const schema = jsonSchema()
  it('says what each section is for', () => {
    const without = Object.entries(schema.properties ?? {}).filter(([, one]) => !describes(one))
    expect(without.map(([name]) => name)).to.deep.equal([])
  })
  it('says what each setting is for', () => {
    expect(leavesOf(schema).filter(({ description }) => description === undefined)).to.deep.equal([])
  })
  it('puts no sentence where there is no setting', () => {
    for (const at of sentences(schema).keys()) expect(at.split('.').reduce(step, schema), at).to.be.an('object')
  })

  const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(read('config/settings.schema.json')))
  const given = parse(read('config/signet.yaml'))
  it('lets an editor take the settings of a first run', () =>
    expect(isValid(given), JSON.stringify(isValid.errors)).to.equal(true))
  for (const file of ['config/production.yaml', 'config/compose.yaml']) {
    it(`lets an editor take ${file}`, () => expect(isValid(parse(read(file))), JSON.stringify(isValid.errors)).to.equal(true))
  }
  for (const [what, wrong] of Object.entries({
    'a misspelt name': { ...given, lisen: {} },
    'a number that is too large': { ...given, listen: { port: 65_536 } },
    'a text for a number': { ...given, listen: { port: 'four thousand' } },
    'an unknown algorithm': { ...given, apis: [{ ...given.apis[0], algorithm: 'none' }] },
    'an API without a name': { ...given, apis: [{ ...given.apis[0], name: undefined }] },
  })) {
    it(`lets an editor mark ${what}`, () => expect(isValid(JSON.parse(JSON.stringify(wrong)))).to.equal(false))
  }
})

/** Settings that hold no other. A JWK has whatever members its kind has. */
function leavesOf(schema: JsonSchema, at: string[] = [], above?: string): { at: string; description: string | undefined }[] {
  const { properties, items, additionalProperties, description = above } = schema
  const members = [
    ...Object.entries(properties ?? {}),
    ...(items?.properties || items?.items ? [['*', items] as const] : []),
    ...(typeof additionalProperties === 'object' && additionalProperties.type === 'object'
      ? [['*', additionalProperties] as const]
      : []),
  ]
  if (members.length === 0) return [{ at: at.join('.'), description: schema.description ?? above }]
  return members.flatMap(([name, one]) => leavesOf(one, [...at, name], name === '*' ? description : undefined))
}

const describes = (schema: JsonSchema): boolean =>
  schema.description !== undefined || Object.values(schema.properties ?? {}).some((one) => one.description !== undefined)

function step(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  if (name !== '*') return schema?.properties?.[name]
  return schema?.items ?? (typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined)
}

describe('the list of variables', () => {
  it('has every variable that a program of ours reads, and no other', () => {
    const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== 'settings/variables.ts')
      .map((file) => `src/${file}`)
    const named = [...sources, 'config/signet.yaml'].flatMap((file) => read(file).match(/\b(SIGNET|SAMPLE)_[A-Z_]+\b/g) ?? [])
    expect([...new Set(named)]).to.have.members(Object.keys(variables))
  })
})
