import { statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { masterSecret } from '../../src/crypto/master-secret.ts'
import { freshKeyFolder, refusalOf } from './folder.ts'

const given = 'a master secret for tests, long enough to be one'

describe('the master secret', () => {
  const folder = freshKeyFolder()
  const files = () => openKeyFolder(folder.path)
  const file = () => path.join(folder.path, 'master.secret')
  const put = (text: string) => {
    files()
    writeFileSync(file(), text, { mode: 0o600 })
  }

  it('is made once in development, at random, for its owner alone, and kept', () => {
    const secret = masterSecret(files(), { mayGenerate: true })
    expect(Buffer.from(secret, 'base64url')).to.have.length(32)
    expect(statSync(file()).mode & 0o777).to.equal(0o600)
    expect(masterSecret(files(), { mayGenerate: true })).to.equal(secret)
    expect(masterSecret(files(), { mayGenerate: false })).to.equal(secret)
  })

  it('is never made in production, which says how to give one', async () => {
    const { code, message } = await refusalOf(() => masterSecret(files(), { mayGenerate: false }))
    expect(code).to.equal('missing_secret')
    expect(message).to.include(file()).and.include('SIGNET_SECRET')
    expect(files().names()).to.deep.equal([])
  })

  it('is taken from the environment before the file, and then not written', () => {
    expect(masterSecret(files(), { given, mayGenerate: true })).to.equal(given)
    expect(files().names()).to.deep.equal([])
    put('another master secret, long enough as well')
    expect(masterSecret(files(), { given, mayGenerate: true })).to.equal(given)
  })

  it('has the blanks around it in its file taken away', () => {
    put(`${given}\r\n`)
    expect(masterSecret(files(), { mayGenerate: false })).to.equal(given)
  })

  for (const short of ['', 'secret', given.slice(0, 31), `${given.slice(0, 31)}\n`]) {
    it(`is refused when it is short: ${JSON.stringify(short)}`, async () => {
      put(short)
      const { code, message } = await refusalOf(() => masterSecret(files(), { mayGenerate: true }))
      expect(code).to.equal('weak_secret')
      expect(message).to.include(file()).and.not.include('secret for')
    })
  }

  it('is refused when the environment gives a short one', async () => {
    for (const mayGenerate of [true, false]) {
      const { code, message } = await refusalOf(() => masterSecret(files(), { given: given.slice(0, 31), mayGenerate }))
      expect(code).to.equal('weak_secret')
      expect(message).to.include('SIGNET_SECRET').and.not.include('secret for')
    }
    expect(masterSecret(files(), { given: given.slice(0, 32), mayGenerate: false })).to.have.length(32)
  })
})
