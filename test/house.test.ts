/** The picture in CONTRIBUTING.md is true. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { floors, rules } from './house/rules.ts'
import { type Module, readTree } from './house/source.ts'

describe('the house', () => {
  let modules: Module[]
  before(() => {
    modules = readTree(path.resolve(import.meta.dirname, '../src'))
  })

  it('is read whole', () => {
    expect(modules.length).to.be.greaterThan(80)
    const door = modules.find(({ file }) => file === 'web/door.ts')!
    expect(door.links).to.deep.equal(['base/request.ts', 'web/headers.ts'])
    expect(door.packages).to.include.members(['node:crypto', 'node:http', 'node:net'])
    expect(modules.find(({ file }) => file === 'crypto/passwords.ts')!.links).to.include('crypto/password-worker.ts')
  })

  it('runs with what package.json lists as dependencies, and with nothing that is there for development', () => {
    const { dependencies } = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../package.json'), 'utf8'))
    const nameOf = (specifier: string) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
    const used = modules.flatMap(({ packages }) => packages.filter((one) => !one.startsWith('node:')).map(nameOf))
    expect(used).to.include('koa')
    expect([...new Set(used)].filter((name) => !Object.hasOwn(dependencies, name))).to.deep.equal([])
  })

  for (const { fact, faults } of rules) {
    it(fact, () => {
      expect(faults(modules)).to.deep.equal([])
    })
  }
})

describe('the picture in CONTRIBUTING.md', () => {
  const root = path.resolve(import.meta.dirname, '..')
  const contributing = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')
  const picture = /```\nconfig\/[\s\S]*?\ntest\//.exec(contributing)?.[0] ?? ''
  // Files and folders that a line names; what comes after two spaces or more is said about them.
  let floor = ''
  const named = picture.split('\n').flatMap((line) => {
    floor = /^(?: {2})?([a-z-]+\/)/.exec(line)?.[1] ?? floor
    const inSource = line.startsWith('  ') && floor !== 'src/'
    const names = line.trim().split(/ {2,}/)[line.startsWith('    ') ? 0 : 1] ?? ''
    return [...names.matchAll(/([\w-]+\/|[\w-]+\.(?:ts|md|yaml|mjs|css))(?= |$)/g)].map(([, name]) =>
      inSource ? path.join('src', floor, name as string) : path.join(floor, name as string),
    )
  })

  it('names files', () => expect(named.length).to.be.greaterThan(40))
  it('names nothing that is not there', () => {
    const top = (name: string) => existsSync(path.join(root, 'src', path.basename(name)))
    expect(named.filter((name) => !existsSync(path.join(root, name)) && !top(name))).to.deep.equal([])
  })
  it('has every floor in the order in which it is held', () => {
    const line = /^Floors, ground first: `(.+)`/m.exec(contributing)?.[1]
    expect(line).to.equal(floors.map((rooms) => rooms.join(', ')).join(' < '))
  })
  it('names every folder of the protocol’s floor', () => {
    const folders = readdirSync(path.join(root, 'src/oauth'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    for (const { name } of folders) expect(picture).to.include(` ${name}/`)
  })
})

describe('what is said of files', () => {
  const root = path.resolve(import.meta.dirname, '..')
  const places = ['', 'src', 'src/oauth', 'src/oauth/policy']
  const isThere = (name: string) => places.some((place) => existsSync(path.join(root, place, name)))
  for (const document of [
    'CONTRIBUTING.md',
    'SECURITY.md',
    'keys/README.md',
    'docs/standards.md',
    'docs/conformance.md',
    'docs/tokens.md',
  ]) {
    it(`is said in ${document} of files that are there`, () => {
      const said = readFileSync(path.join(root, document), 'utf8').matchAll(/`([a-z][\w.-]*\/[\w./-]+\.(?:ts|mjs|md|yaml))`/g)
      const names = [...said].map(([, name]) => name as string)
      expect(names).to.not.deep.equal([])
      expect(names.filter((name) => !isThere(name))).to.deep.equal([])
    })
  }
})

describe('the checker of the house', () => {
  let folder: string
  let modules: Module[]
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'signet-house-'))
    for (const { planted } of rules) {
      const file = path.join(folder, planted.file)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, planted.text)
    }
    modules = readTree(folder)
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const { fact, faults, planted } of rules) {
    it(`finds ${planted.file}, which breaks: ${fact}`, () => {
      expect(faults(modules).filter((fault) => fault.startsWith(planted.file))).to.have.length(1)
    })
  }
})
