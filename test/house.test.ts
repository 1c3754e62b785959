/** The picture in CONTRIBUTING.md is true. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { rules } from './house/rules.ts'
import { type Module, readTree } from './house/source.ts'

describe('the house', () => {
  let modules: Module[]
  before(() => {
    modules = readTree(path.resolve(import.meta.dirname, '../src'))
  })

  it('is read whole', () => {
    expect(modules.length).to.be.greaterThan(80)
    const door = modules.find(({ file }) => file === 'web/door.ts')!
    expect(door.links).to.deep.equal(['web/headers.ts'])
    expect(door.packages).to.include.members(['node:crypto', 'node:http', 'node:net'])
    expect(modules.find(({ file }) => file === 'crypto/passwords.ts')!.links).to.include('crypto/password-worker.ts')
  })

  for (const { fact, faults } of rules) {
    it(fact, () => {
      expect(faults(modules)).to.deep.equal([])
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
