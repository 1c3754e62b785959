import { expect } from 'chai'
import { createPrograms, type Programs } from './program.ts'

describe('signet --help', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms()
  })

  for (const [args, names] of [
    [[], ['serve', 'settings', 'client', 'account', 'SIGNET_CONFIG', '--json']],
    [['account'], ['add', 'list', 'roles', 'claims', 'disable', 'enable', 'password']],
    [
      ['client', 'add'],
      ['--kind', 'web, spa, native, device, machine, api', '--redirect-uri', '--api', '--first-party', '--pkce-exempt'],
    ],
    [
      ['client', 'add'],
      ['--id', '3-128 letters, digits or ._~-'],
    ],
    [
      ['client', 'rotate-secret'],
      ['--keep', 'two at most'],
    ],
    [['client'], ['add', 'rotate-secret', 'show', 'list', 'remove']],
    [
      ['account', 'add'],
      ['--name', '--role', 'standard input'],
    ],
  ] as [string[], string[]][]) {
    it(`tells what there is: signet ${[...args, '--help'].join(' ')}`, async () => {
      const { code, stdout, stderr } = await programs.signet([...args, '--help'])
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      for (const name of names) expect(stdout).to.include(name)
    })
  }

  for (const args of [[], ['nothing'], ['client', 'add', 'x'], ['account', 'list', '--nothing']]) {
    it(`shows the way after signet ${args.join(' ')}, which is no command`, async () => {
      const { code, stdout, stderr } = await programs.signet(args)
      expect(code).to.equal(1)
      expect(stdout).to.equal('')
      expect(stderr)
        .to.include('Usage: signet')
        .and.not.match(/\n {4}at /)
    })
  }
})
