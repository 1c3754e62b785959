import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { asNobody } from '../support/nobody.ts'
import { freshKeyFolder, refusalOf } from './folder.ts'

const name = 'master.secret'
const modeOf = (file: string) => statSync(file).mode & 0o777

describe('the key folder', () => {
  const folder = freshKeyFolder()
  const file = () => path.join(folder.path, name)

  it('is made for its owner alone, and so is each file in it, whatever the mask', () => {
    const before = process.umask(0)
    try {
      openKeyFolder(folder.path).create(name, 'text')
    } finally {
      process.umask(before)
    }
    expect([modeOf(folder.path), modeOf(file())]).to.deep.equal([0o700, 0o600])
  })

  it('gives back what was written, and lists it', () => {
    const files = openKeyFolder(folder.path)
    expect(files.read(name)).to.equal(undefined)
    expect(files.create(name, 'text\n')).to.equal(true)
    expect(files.read(name)).to.equal('text\n')
    expect(openKeyFolder(folder.path).names()).to.deep.equal([name])
  })

  it('never replaces a key', () => {
    const files = openKeyFolder(folder.path)
    files.create(name, 'first')
    expect(files.create(name, 'second')).to.equal(false)
    expect(files.read(name)).to.equal('first')
  })

  for (const mode of [0o640, 0o620, 0o604, 0o644, 0o666, 0o601, 0o610]) {
    it(`K09: refuses a file of mode ${mode.toString(8)}, and says what to do`, async () => {
      const files = openKeyFolder(folder.path)
      files.create(name, 'text')
      chmodSync(file(), mode)
      const { code, message } = await refusalOf(() => files.read(name))
      expect(code).to.equal('unreadable_key')
      expect(message).to.equal(`${file()} can be read by others (mode ${mode.toString(8)}): chmod 600 it.`)
      for (const own of [0o600, 0o400]) {
        chmodSync(file(), own)
        expect(files.read(name)).to.equal('text')
      }
    })
  }

  it('refuses what it may not read', () => {
    openKeyFolder(folder.path).create(name, 'text')
    chmodSync(path.dirname(folder.path), 0o755)
    const read = new URL('./read-key.ts', import.meta.url)
    expect(asNobody(read, folder.path, name).refused).to.deep.equal({
      code: 'unreadable_key',
      message: `The key folder ${folder.path} cannot be used (EACCES).`,
    })
    chmodSync(folder.path, 0o755)
    chmodSync(file(), 0o000)
    expect(asNobody(read, folder.path, name).refused).to.deep.equal({
      code: 'unreadable_key',
      message: `The key file ${file()} cannot be read (EACCES).`,
    })
    expect(asNobody(read, folder.path, 'another')).to.deep.equal({})
  })

  it('refuses a file in the place of the folder, and a folder in the place of a file', async () => {
    mkdirSync(file(), { recursive: true, mode: 0o700 })
    expect((await refusalOf(() => openKeyFolder(folder.path).read(name))).message).to.match(/EISDIR/)
    writeFileSync(`${folder.path}.txt`, '')
    expect((await refusalOf(() => openKeyFolder(`${folder.path}.txt`))).message).to.match(/cannot be used/)
    expect(readdirSync(folder.path)).to.deep.equal([name])
  })
})
