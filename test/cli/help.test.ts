import { expect } from 'chai'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { createPrograms, type Ended, inThisProcess, type Programs } from './program.ts'

describe('signet --help', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms()
  })

  for (const [args, names] of [
    [[], ['serve', 'settings', 'client', 'account', 'SIGNET_CONFIG', '--json']],
    [['account'], ['add', 'import', 'list', 'roles', 'claims', 'disable', 'enable', 'password']],
    [
      ['client', 'add'],
      ['--kind', '"web"', '"machine"', '--redirect-uri', '--api', '--first-party', '--pkce-exempt'],
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
    [['key'], ['API keys', 'signet keys', 'add', 'list', 'end']],
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

/** Commands that need none. */
const withoutSettings = ['doctor', 'completion', 'gauntlet']

describe('every command of signet', () => {
  for (const { name, command } of commandsOf(createProgram())) {
    it(`says in a line each what it and its options are for: ${name}`, () => {
      for (const said of [command.description(), ...command.options.map(({ description }) => description)])
        expect(said).to.match(/^[^\s].{2,159}[^.]$/)
    })
    if (command.commands.length > 0) continue

    it(`answers a program in JSON: ${name} --json`, () => {
      expect(command.options.map(({ long }) => long)).to.include('--json')
    })
    it(`refuses in JSON a call that is none: ${name} --json --nothing`, async () => {
      expectRefusal(await inThisProcess([...callOf({ name, command }), '--json', '--nothing']), 'invalid_usage', /--nothing/)
    })
    if (withoutSettings.includes(name)) continue
    it(`refuses in JSON to work by settings that cannot be read: ${name} --json`, async () => {
      const env = { SIGNET_CONFIG: '/nowhere/signet.yaml' }
      const end = await inThisProcess([...callOf({ name, command }), '--json'], env)
      expectRefusal(end, 'invalid_settings', /nowhere\/signet\.yaml cannot be read/)
    })
  }

  for (const args of [['nothing'], ['keys'], ['client', 'add', 'x'], []])
    it(`refuses in JSON what is no command: signet ${[...args, '--json'].join(' ')}`, async () =>
      expectRefusal(await inThisProcess([...args, '--json']), 'invalid_usage', /./))
})

interface Named {
  /** E.g. `client add`. */
  name: string
  command: Command
}

function commandsOf(parent: Command, before: string[] = []): Named[] {
  return parent.commands.flatMap((command) => {
    const path = [...before, command.name()]
    return [{ name: path.join(' '), command }, ...commandsOf(command, path)]
  })
}

/** One that Commander takes: whatever has to be there is. */
function callOf({ name, command }: Named): string[] {
  const options = command.options.filter(({ mandatory }) => mandatory)
  return [
    ...name.split(' '),
    ...command.registeredArguments.filter(({ required }) => required).map(({ argChoices }) => argChoices?.[0] ?? 'x'),
    ...options.flatMap(({ long, argChoices }) => [String(long), argChoices?.[0] ?? 'x']),
  ]
}

function expectRefusal({ code, stdout, stderr }: Ended, error: string, message: RegExp): void {
  expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
  const said = JSON.parse(stdout) as { error: string; message: string }
  expect(said.error).to.equal(error)
  expect(said.message).to.match(message)
}
