import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { expectOneLine } from './program.ts'

const root = path.resolve(import.meta.dirname, '../..')
/** What an old Node says of itself; an old one that does not know more of the files is not at hand. */
const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`

describe('a program of ours on a machine where nothing is set up', () => {
  let bare: string
  before(() => {
    bare = mkdtempSync(path.join(tmpdir(), 'signet-bare-'))
    mkdirSync(path.join(bare, 'scripts'))
    for (const folder of ['scripts', 'src', 'package.json'])
      cpSync(path.join(root, folder), path.join(bare, folder), { recursive: true })
  })
  after(() => rmSync(bare, { recursive: true }))

  const run = (cwd: string, args: string[]) => {
    const { status: code, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
    return { code, stdout, stderr }
  }

  for (const program of [['scripts/signet.mjs', 'client', 'list'], ['scripts/signet.mjs', 'serve'], ['scripts/try.mjs']]) {
    it(`says in one line that packages are missing: ${program.join(' ')}`, () => {
      expectOneLine(run(bare, program), /packages are not installed\. Run npm start or npm run setup once\./)
    })

    it(`says in one line that Node is too old: ${program.join(' ')}`, () => {
      expectOneLine(run(root, ['--import', old, ...program]), /needs Node 24\.7 or later, and this is 20\.19\.0\./)
    })
  }

  it('is no excuse for a fault of the program itself', () => {
    rmSync(path.join(bare, 'src/cli.ts'))
    const { code, stderr } = run(bare, ['scripts/signet.mjs'])
    expect(code).to.equal(1)
    expect(stderr).to.include('src/cli.ts').and.not.include('npm start')
  })

  it('runs where everything is', () => {
    expect(run(root, ['scripts/signet.mjs', '--help'])).to.include({ code: 0, stderr: '' })
  })
})
