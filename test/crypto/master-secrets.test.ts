import { statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { masterSecrets } from '../../src/crypto/master-secrets.ts'
import { freshKeyFolder, refusalOf } from './folder.ts'

const given = 'a-master-secret-for-tests-that-is-long-enough'
const other = 'another-master-secret-that-is-long-enough-too'

describe('the master secret', () => {
  const folder = freshKeyFolder()
  const files = () => openKeyFolder(folder.path)
  const file = () => path.join(folder.path, 'master.secret')
  const put = (text: string) => {
    files()
    writeFileSync(file(), text, { mode: 0o600 })
  }

  it('is made once in development, at random, for its owner alone, and kept', () => {
    const [secret] = masterSecrets(files(), { mayGenerate: true })
    expect(Buffer.from(secret, 'base64url')).to.have.length(32)
    expect(statSync(file()).mode & 0o777).to.equal(0o600)
    expect(masterSecrets(files(), { mayGenerate: true })).to.deep.equal([secret])
    expect(masterSecrets(files(), { mayGenerate: false })).to.deep.equal([secret])
  })

  it('is never made in production, which says how to give one', async () => {
    const { code, message } = await refusalOf(() => masterSecrets(files(), { mayGenerate: false }))
    expect(code).to.equal('missing_secret')
    expect(message).to.include(file()).and.include('SIGNET_SECRET')
    expect(files().names()).to.deep.equal([])
  })

  it('is taken from the environment before the file, and then not written', () => {
    expect(masterSecrets(files(), { given, mayGenerate: true })).to.deep.equal([given])
    expect(files().names()).to.deep.equal([])
    put(other)
    expect(masterSecrets(files(), { given, mayGenerate: true })).to.deep.equal([given])
  })

  it('has the blanks around it in its file taken away', () => {
    put(`${given}\r\n`)
    expect(masterSecrets(files(), { mayGenerate: false })).to.deep.equal([given])
  })

  for (const short of ['', 'secret', given.slice(0, 31), `${given.slice(0, 31)}\n`]) {
    it(`is refused when it is short: ${JSON.stringify(short)}`, async () => {
      put(short)
      const { code, message } = await refusalOf(() => masterSecrets(files(), { mayGenerate: true }))
      expect(code).to.equal('weak_secret')
      expect(message).to.include(file()).and.not.include(given.slice(0, 20))
    })
  }

  it('is refused when the environment gives a short one', async () => {
    for (const mayGenerate of [true, false]) {
      const { code, message } = await refusalOf(() => masterSecrets(files(), { given: given.slice(0, 31), mayGenerate }))
      expect(code).to.equal('weak_secret')
      expect(message).to.include('SIGNET_SECRET').and.not.include(given.slice(0, 20))
    }
    expect(masterSecrets(files(), { given: given.slice(0, 32), mayGenerate: false })[0]).to.have.length(32)
  })

  it('may be several, the first of them first: a line each in the file, which may hold blanks, or between blanks in the variable', () => {
    put(`${other}\r\n\n  a passphrase of many words, as it once was given\n`)
    expect(masterSecrets(files(), { mayGenerate: false })).to.deep.equal([
      other,
      'a passphrase of many words, as it once was given',
    ])
    for (const between of [' ', '\n', '\t \n'])
      expect(masterSecrets(files(), { given: ` ${given}${between}${other} `, mayGenerate: false })).to.deep.equal([given, other])
  })

  for (const [what, text, code, sentence] of [
    ['a short one among them', `${given}\nshort\n${other}`, 'weak_secret', /^Of the 3 master secrets, number 2 in .* has fewer/],
    ['the same one twice', `${given}\n${other}\n${given}`, 'ambiguous_secret', /holds one master secret twice/],
    [
      'more than four',
      Array.from({ length: 5 }, (_, at) => given + at).join('\n'),
      'ambiguous_secret',
      /holds 5 .* 4 is the most/,
    ],
  ] as const) {
    it(`are refused: ${what}, in the file and in the variable, without a word of them`, async () => {
      put(text)
      for (const options of [{ mayGenerate: false }, { given: text, mayGenerate: true }]) {
        const refusal = await refusalOf(() => masterSecrets(files(), options))
        expect(refusal.code).to.equal(code)
        expect(refusal.message).to.match(sentence).and.not.include(given).and.not.include('short')
      }
    })
  }

  it('is refused in the variable when it has blanks, which says why', async () => {
    const { code, message } = await refusalOf(() =>
      masterSecrets(files(), { given: 'a phrase of words as it was', mayGenerate: true }),
    )
    expect(code).to.equal('weak_secret')
    expect(message).to.match(/SIGNET_SECRET .* with blanks between them in the variable\.$/)
  })
})
