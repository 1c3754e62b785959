import { existsSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { createPrograms, type Programs } from './program.ts'

describe('signet settings check', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms()
  })
  const write = (settings: unknown) =>
    writeFileSync(programs.settingsFile, typeof settings === 'string' ? settings : JSON.stringify(settings))

  it('says what a good file means, and touches nothing', async () => {
    const { code, stdout, stderr } = await programs.signet(['settings', 'check'])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.equal(`The settings are valid: ${programs.issuer} (development), APIs: 0, declared clients: 0.\n`)
    write({ issuer: 'https://id.example.com/' })
    expect(await programs.json(['settings', 'check'])).to.deep.equal({
      valid: true,
      issuer: 'https://id.example.com',
      development: false,
      apis: 0,
      clients: 0,
    })
    expect(existsSync(programs.keyFolder)).to.equal(false)
  })

  it('tells every fault of a bad file, a line each', async () => {
    write({ issuer: 'https://id.example.com', demo: true, theme: { radius: '1em' }, colour: 'red' })
    const { code, stdout, stderr } = await programs.signet(['settings', 'check'])
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    const [first, ...faults] = stderr.trimEnd().split('\n')
    expect(first).to.equal(`signet: ${programs.settingsFile} has 3 faults:`)
    expect(faults.map((line) => line.split(':')[0])).to.have.members(['  theme.radius', '  (top)', '  demo'])
  })

  it('tells the faults alone to a program', async () => {
    write({ demo: 'no', listen: { port: -1 } })
    const { code, stdout, stderr } = await programs.signet(['settings', 'check', '--json'])
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    const { valid, faults } = JSON.parse(stdout) as { valid: boolean; faults: string[] }
    expect(valid).to.equal(false)
    expect(faults.map((fault) => fault.split(':')[0])).to.have.members(['demo', 'listen.port'])
    write('apis: [')
    const broken = await programs.signet(['settings', 'check', '--json'])
    expect(broken.code).to.equal(1)
    expect(JSON.parse(broken.stdout).faults).to.have.length(1)
  })
})
