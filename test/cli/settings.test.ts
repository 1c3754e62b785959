import { existsSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { settingsSchema } from '../../src/settings/schema.ts'
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
    expect(faults.filter((line) => line !== '').slice(0, -2)).to.deep.equal([
      '  theme.radius: a length from 0px to 32px',
      '    Write for example radius: 10px. What it is: how round the corners are. Without the line it is 10px.',
      '  (top): "colour" is not known here',
      `    Remove colour; what may stand here: ${Object.keys(settingsSchema.def.in.shape).join(', ')}.`,
      '  demo: demo data has a known password: not beside a production issuer',
      '    Write demo: false, or remove the issuer to develop.',
    ])
    expect(faults.at(-2)).to.equal('Mend these, then check again: what rests on them is judged then.')
  })

  it('names the other values beside the example', async () => {
    write({ log: { level: 'debug' } })
    const { stderr } = await programs.signet(['settings', 'check'])
    expect(stderr).to.include(
      'Write for example level: info, or error: nothing but what somebody should look at. Without the line it is info.',
    )
  })

  it('tells the faults alone to a program', async () => {
    write({ demo: 'no', listen: { port: -1 } })
    const { code, stdout, stderr } = await programs.signet(['settings', 'check', '--json'])
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    const { valid, error, faults } = JSON.parse(stdout) as { valid: boolean; error: string; faults: object[] }
    expect({ valid, error }).to.deep.equal({ valid: false, error: 'invalid_settings' })
    expect(faults).to.deep.equal([
      {
        path: ['listen', 'port'],
        message: 'has to be a whole number from 1 to 65535',
        mend: 'Write for example port: 4000. What it is: the port to listen on. Without the line it is 4000.',
      },
      {
        path: ['demo'],
        message: 'has to be true or false',
        mend: 'Write for example demo: true. What it is: An account and clients to try things with. Their passwords are known, so production refuses this. Without the line it is false.',
      },
    ])
    write('apis: [')
    const broken = await programs.signet(['settings', 'check', '--json'])
    expect(broken.code).to.equal(1)
    expect(JSON.parse(broken.stdout).faults).to.have.length(1)
  })
})
