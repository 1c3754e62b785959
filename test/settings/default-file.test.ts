/** `config/signet.yaml` is what people read first: it is valid, complete, and says the defaults as they are. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { z } from 'zod'
import { digest } from '../../src/crypto/derive.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { settingsSchema } from '../../src/settings/schema.ts'

type Tree = Record<string, unknown>
interface JsonSchema {
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
}

const text = readFileSync(path.resolve(import.meta.dirname, '../../config/signet.yaml'), 'utf8')
/** A setting that is commented out, as opposed to a sentence. */
const commentedOut = /^( *)# ( *(?:- )?[A-Za-z]+:(?: .*)?)$/
const everything = text
  .split('\n')
  .filter((line) => line !== 'clients: []')
  .map((line) => line.replace(commentedOut, '$1$2'))
  .join('\n')

/** Every setting that there is, e.g. `apis.*.scopes.*.roles`. */
function settingsOf(schema: JsonSchema, at: string[] = []): string[] {
  const { properties = {}, items, additionalProperties } = schema
  const members = typeof additionalProperties === 'object' ? additionalProperties : items
  const named = Object.entries(properties).flatMap(([name, inner]) => [
    [...at, name].join('.'),
    ...settingsOf(inner, [...at, name]),
  ])
  return members ? [...named, ...settingsOf(members, [...at, '*'])] : named
}

function isShown(value: unknown, [name, ...rest]: string[]): boolean {
  if (name === undefined) return value !== undefined
  if (typeof value !== 'object' || value === null) return false
  if (name === '*') return Object.values(value).some((member) => isShown(member, rest))
  return isShown((value as Tree)[name], rest)
}

describe('config/signet.yaml', () => {
  it('is valid as it is, and is a development server with demo data', () => {
    const settings = loadSettings({})
    expect(settings).to.include({ issuer: 'http://localhost:4000', development: true, demo: true })
    expect(settings.apis.map((api) => api.identifier)).to.deep.equal(['http://localhost:4001'])
  })

  it('follows the ports of the environment', () => {
    const settings = loadSettings({ SIGNET_PORT: '5000', SIGNET_API_PORT: '5001', SIGNET_HOST: '127.0.0.1' })
    expect(settings.issuer).to.equal('http://localhost:5000')
    expect(settings.listen).to.deep.equal({ host: '127.0.0.1', port: 5000 })
    expect(settings.apis[0]?.identifier).to.equal('http://localhost:5001')
  })

  it('is valid with all that it shows in comments', () => {
    const filled = everything.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace(/…/g, 'AA')
    const settings = settingsSchema.parse({ ...parse(filled), demo: false })
    expect(settings.issuer).to.equal('https://id.example.com')
    expect(settings.clients).to.have.length(3)
  })

  const shown = parse(everything)
  for (const setting of settingsOf(z.toJSONSchema(settingsSchema, { io: 'input' }) as JsonSchema)) {
    it(`shows ${setting}`, () => expect(isShown(shown, setting.split('.'))).to.equal(true))
  }

  it('says the defaults as they are', () => {
    const plain = loadSettings({}) as unknown as Tree
    const defaults = settingsSchema.parse({}) as unknown as Tree
    for (const section of [
      'listen',
      'cluster',
      'log',
      'audit',
      'trustedProxies',
      'theme',
      'lifetimes',
      'refreshTokens',
      'signIn',
      'letters',
      'devices',
      'pushedRequests',
      'outgoing',
      'dpop',
      'clients',
    ]) {
      expect(plain[section], section).to.deep.equal(defaults[section])
    }
  })

  it('says how a secret and its digest are made', () => {
    const [, script = ''] = /# node -e "(.+)"$/m.exec(text) ?? []
    const [secret = '', made] = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim().split(' ')
    expect(secret).to.match(/^sgs_[A-Za-z0-9_-]{43}$/)
    expect(made).to.equal(digest(secret))
  })
})
