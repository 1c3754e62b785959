/** The command line as a tree. Each command is a line here and a function in its own file; nothing is parsed before `runProgram`. */
import { Argument, Command, CommanderError, Option } from 'commander'
import { acts } from '../audit/acts.ts'
import { rings } from '../main/ring.ts'
import { accountCommands } from './account-commands.ts'
import { showAudit } from './audit.ts'
import { backUp, restore } from './backup.ts'
import { clientCommands } from './client-commands.ts'
import { completion, shells } from './completion.ts'
import { clientsWithSecret, demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { gauntlet } from './gauntlet.ts'
import { apiKeyCommands } from './key-commands.ts'
import { importFolder, listKeys, revokeKey, rotateKeys } from './keys.ts'
import { testMail } from './mail.ts'
import { revokeCommands } from './revoke-commands.ts'
import { json, refuse, run } from './run.ts'
import { forgetSecret, listSecrets, rotateSecrets } from './secrets.ts'
import { serve } from './serve.ts'
import { applySettings, checkSettings } from './settings.ts'

export function createProgram(): Command {
  const program = new Command('signet')
    .description('An OAuth 2.0 / OpenID Connect authorization server that stores almost nothing.')
    .addHelpText(
      'after',
      '\nSettings: config/signet.yaml, or the file that SIGNET_CONFIG names. Add --json where a program reads the answer.',
    )
    .showHelpAfterError()
    .exitOverride()
  program
    .command('serve')
    .description('run the authorization server alone; its log is JSON in any case')
    .option(...json)
    .action(run(serve))
  program
    .command('doctor')
    .description('look at this installation end to end, and say what to mend; writes nothing')
    .option('--url <url>', 'ask the server there, instead of at its issuer')
    .option(...json)
    .action(run(doctor))
  settingsCommands(program.command('settings').description('the settings file'))
  keyCommands(program.command('keys').description('the keys that sign tokens, and those that sign API keys'))
  secretCommands(program.command('secrets').description('the master secrets, by names that lead nowhere back to them'))
  databaseCommands(program)
  program
    .command('audit')
    .description('who changed what, when, from where; the newest last')
    .option('--since <time>', 'a date, or how long ago: 90m, 12h, 7d')
    .addOption(new Option('--act <act>', 'one kind of act').choices(acts))
    .option('--subject <subject>', 'about this person, by the subject of their tokens or their e-mail address')
    .option('--client <id>', 'about this client')
    .option('--limit <count>', 'so many at most', '100')
    .option(...json)
    .action(run(showAudit))
  clientCommands(program.command('client').description('registered clients'))
  accountCommands(program.command('account').description('people'))
  revokeCommands(program.command('revoke').description('end what was issued, also where nobody asks this server about it'))
  apiKeyCommands(program.command('key').description('API keys of people and of machines; what signs them is under signet keys'))
  program
    .command('mail')
    .description('the mail server')
    .command('test <address>')
    .description('send a letter there, now, and say what the mail server answered')
    .option(...json)
    .action(run(testMail))
  program
    .command('demo')
    .description('put the demo data there, where the settings say demo: true, and say its passwords')
    .addOption(new Option('--secret-of <client>', 'say the secret of this client and nothing else').choices(clientsWithSecret))
    .option(...json)
    .action(run(demo))
  program
    .command('gauntlet')
    .description('aim tokens that are nearly good at an API on this machine, and name what it wrongly accepts')
    .requiredOption('--url <url>', 'what to ask: a route that a token protects')
    .option('--resource <id>', 'the audience of the API; else the origin of the address')
    .option('--scope <scope>', 'the scopes that the route needs')
    .option('--issuer-port <port>', 'where this command plays the issuer that the API has to trust', '4010')
    .option('--count <count>', 'so many tokens', '2000')
    .option('--api-keys', 'the API takes API keys too: half of the tokens are made from keys')
    .option(...json)
    .action(run(gauntlet))
  program
    .command('completion')
    .description('print a script that lets a shell complete these commands')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .option(...json)
    .action(run(completion))
  return program
}

function settingsCommands(settings: Command): void {
  settings
    .command('check')
    .description('judge the settings; every fault at once')
    .option(...json)
    .action(run(checkSettings))
  settings
    .command('apply')
    .description('end what these settings allow no more; a start does so unless they were in force before others')
    .option(...json)
    .action(run(applySettings))
}

function keyCommands(keys: Command): void {
  keys
    .command('list')
    .description('all keys, and which of them signs')
    .option(...json)
    .action(run(listKeys))
  keys
    .command('rotate')
    .description('publish the next keys now; each signs when nobody can have an older key set any more')
    .addOption(new Option('--of <ring>', 'which keys: those that sign tokens, or API keys').choices(rings).default('tokens'))
    .option(...json)
    .action(run(rotateKeys))
  keys
    .command('revoke <kid>')
    .description('remove a key at once and for good, with all that it signed')
    .option(...json)
    .action(run(revokeKey))
  keys
    .command('import')
    .description('take the signing keys of the key folder over into the store, for keys.in: store')
    .option(...json)
    .action(run(importFolder))
}

function secretCommands(secrets: Command): void {
  secrets
    .command('list')
    .description('each secret, and how much in the store is sealed under it')
    .option(...json)
    .action(run(listSecrets))
  secrets
    .command('rotate')
    .description(
      'seal all that lies in the store by the first secret, also beside a running server; may be stopped and run again',
    )
    .option(...json)
    .action(run(rotateSecrets))
  secrets
    .command('forget <name>')
    .description('remove for good what is sealed under a secret that is lost')
    .option(...json)
    .action(run(forgetSecret))
}

function databaseCommands(program: Command): void {
  program
    .command('backup <file>')
    .description('copy the database to a new file, also beside a running server')
    .option(...json)
    .action(run(backUp))
  program
    .command('restore <file>')
    .description('make the database what a backup holds, also beside a running server; ends every session, grant and token')
    .option('--removed-clients', 'bring back clients that were removed since')
    .option(...json)
    .action(run(restore))
}

/**
 * Parses and runs. A call that is none ends with the way to a good one on standard error; with `--json`, as every refusal does, with
 * `{error, message}` on standard output and nothing else.
 * @param args without the names of Node and of this program
 */
export async function runProgram(args: string[]): Promise<void> {
  const forProgram = args.includes('--json') && !args.includes('--help')
  const program = createProgram()
  if (forProgram) everyCommand(program, (command) => command.configureOutput({ writeErr() {}, outputError() {} }))
  try {
    await program.parseAsync(idsApart(args, program), { from: 'user' })
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    if (forProgram) refuse(true, { error: 'invalid_usage', message: usageFault(cause) })
    // Commander has already said what was wrong; asking for help is no fault.
    process.exitCode = cause.exitCode
  }
}

/** Commander's sentence; asked for a group of commands alone, it has but its own name for what it did. */
const usageFault = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'This is a group of commands: name one of them.' : message.replace(/^error: /, '')

function everyCommand(command: Command, use: (command: Command) => void): void {
  use(command)
  for (const inner of command.commands) everyCommand(inner, use)
}

/** One id in sixty-four begins with a hyphen, and is no option for that: whoever has to end what it names is not to be told so. */
function idsApart(args: string[], program: Command): string[] {
  const options = new Set<string>()
  everyCommand(program, (command) => {
    for (const { long } of command.options) if (long) options.add(long)
  })
  const isId = (arg: string, at: number) =>
    /^-(?:[\w-]{21}|[\w-]{42})$/.test(arg) && !options.has(arg) && args[at - 1] !== '--jti'
  const ids = args.filter(isId)
  return ids.length > 0 ? [...args.filter((arg, at) => !isId(arg, at)), '--', ...ids] : args
}
