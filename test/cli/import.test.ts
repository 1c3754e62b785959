import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../support/server.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

const hash = '$2b$05$9KPzjEtW02Yw0e/85MXDROEHv1Y33NXUyfYBrRn.VsuOQBNZXJZma'
const lines = [
  { email: 'ada@example.com', hash, name: 'Ada Lovelace', roles: ['editor'], email_verified: true },
  { email: 'grace@example.com', hash: '!' },
  { email: 'ADA@example.com', hash: '!' },
].map((one) => JSON.stringify(one))
const notJson = 'This is not JSON. A line is an object such as {"email":"ada@example.com","hash":"$2b$10$…"}.'
const faulty = [...lines, '', '{"email":', JSON.stringify({ email: 'eve@example.com', hash: hash.replace('05', '31') })]

describe('signet account import', () => {
  let programs: Programs
  const file = path.join(temporaryFolder(), 'people.jsonl')
  const list = async () =>
    ((await programs.json(['account', 'list'])) as { email: string; roles: string[] }[]).map(({ email, roles }) => [email, roles])
  before(async () => {
    programs = await createPrograms({ roles: { editor: 'May edit' } })
    writeFileSync(file, faulty.join('\n'))
  })

  it('judges every line and writes nothing by --dry-run', async () => {
    const { code, stdout, stderr } = await programs.signet(['account', 'import', file, '--dry-run'])
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    expect(stdout.split('\n')).to.deep.equal([
      `Line 5: ${notJson}`,
      'Line 6: The cost of bcrypt of this hash is 31: at most 14 is taken.',
      'Would add 2 people, leave 1 person whose address is here already, and leave out 2 faulty lines.',
      '',
    ])
    expect(await list()).to.deep.equal([])
  })

  it('adds who is new, leaves who is here, and says every faulty line', async () => {
    const { code, stdout } = await programs.signet(['account', 'import', file, '--json'])
    expect(code).to.equal(1)
    expect(JSON.parse(stdout)).to.deep.equal({
      added: 2,
      left: 1,
      faulty: 2,
      faults: [
        { line: 5, error: 'invalid_person', message: notJson },
        { line: 6, error: 'costly_hash', message: 'The cost of bcrypt of this hash is 31: at most 14 is taken.' },
      ],
      dryRun: false,
    })
    expect(await list()).to.deep.equal([
      ['ada@example.com', ['editor']],
      ['grace@example.com', []],
    ])
  })

  it('may be run again, and adds nobody twice; - is standard input', async () => {
    const again = await programs.json(['account', 'import', '-'], { input: lines.join('\n') })
    expect(again).to.deep.equal({ added: 0, left: 3, faulty: 0, faults: [], dryRun: false })
  })

  it('says of a misspelt member which members there are', async () => {
    const input = JSON.stringify({ email: 'typo@example.com', hash: '!', nmae: 'Typo' })
    const { stdout } = await programs.signet(['account', 'import', '-'], { input })
    expect(stdout).to.match(/^Line 1: there is no member "nmae": there are email, hash, name, roles, /)
  })

  it('says of a file that cannot be read that it cannot, in one line', async () => {
    expectOneLine(await programs.signet(['account', 'import', `${file}.gone`]), /cannot be read: it is not there/)
    expectOneLine(await programs.signet(['account', 'import', path.dirname(file)]), /cannot be read: /)
  })
})
