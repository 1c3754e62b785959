/** The command line as a tree. Each command is a line here and a function in its own file; nothing is parsed before `runProgram`. */
import { Command, CommanderError, Option } from 'commander'
import { clientKinds } from '../settings/client/kinds.ts'
import { addAccount, changeAccount, listAccounts, setClaims } from './account.ts'
import { backUp, restore } from './backup.ts'
import { addClient, keepTimes, listClients, removeClient, rotateSecret, showClient } from './client.ts'
import { doctor } from './doctor.ts'
import { importFolder, listKeys, revokeKey, rotateKeys } from './keys.ts'
import { refuse, run } from './run.ts'
import { forgetSecret, listSecrets, rotateSecrets } from './secrets.ts'
import { serve } from './serve.ts'
import { checkSettings } from './settings.ts'

/** Of every command, so that a program can use it. */
const json = ['--json', 'the answer as one JSON value, a refusal too'] as const

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
  keyCommands(program.command('keys').description('the keys that sign tokens'))
  secretCommands(program.command('secrets').description('the master secrets, by names that lead nowhere back to them'))
  databaseCommands(program)
  clientCommands(program.command('client').description('registered clients'))
  accountCommands(program.command('account').description('people'))
  return program
}

function settingsCommands(settings: Command): void {
  settings
    .command('check')
    .description('judge the settings; every fault at once')
    .option(...json)
    .action(run(checkSettings))
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

function clientCommands(client: Command): void {
  client
    .command('add <name>')
    .description('register a client; its secret is shown once')
    .addOption(new Option('--kind <kind>', 'what it is').choices(clientKinds).makeOptionMandatory())
    .option('--id <id>', '3-128 letters, digits or ._~-, the first a letter or a digit; otherwise random')
    .option('--redirect-uri <uri...>', 'compared as a whole')
    .option('--post-logout-redirect-uri <uri...>', 'where people may be sent after they signed out')
    .option(
      '--api <identifier=scopes...>',
      'what it may ask for, e.g. https://api.example.com=notes:read,notes:write; without =, every scope of the API',
    )
    .option('--first-party', 'your own application: people are not asked')
    .option('--pkce-exempt', 'a confidential client that cannot do PKCE')
    .option('--members <json>', 'further members of its registration as JSON, named as in the settings')
    .option(...json)
    .action(run(addClient))
  client
    .command('rotate-secret <id>')
    .description('make a new secret, shown once; two at most live at a time, so a third ends the oldest at once')
    .addOption(new Option('--keep <time>', 'how long the one before goes on').choices(Object.keys(keepTimes)).default('24h'))
    .option(...json)
    .action(run(rotateSecret))
  client
    .command('show <id>')
    .description('all that is registered of one client')
    .option(...json)
    .action(run(showClient))
  client
    .command('list')
    .description('all clients')
    .option(...json)
    .action(run(listClients))
  client
    .command('remove <id>')
    .description('remove a client and end what it has')
    .option(...json)
    .action(run(removeClient))
}

function accountCommands(account: Command): void {
  account
    .command('add <email>')
    .description('add a person; the password is read from standard input')
    .option('--name <name>', 'as apps and pages say it')
    .option('--role <role...>', 'of those that the settings declare')
    .option(...json)
    .action(run(addAccount))
  account
    .command('list')
    .description('all people')
    .option(...json)
    .action(run(listAccounts))
  account
    .command('roles <email> [roles...]')
    .description('set the roles; none takes all away')
    .option(...json)
    .action(run(changeAccount('roles')))
  account
    .command('claims <email> <json>')
    .description('what apps may learn of a person, by the claims of OpenID Connect Core s5.1')
    .option(...json)
    .action(run(setClaims))
  account
    .command('disable <email>')
    .description('end all sessions and grants, and refuse sign-in')
    .option(...json)
    .action(run(changeAccount('disable')))
  account
    .command('enable <email>')
    .description('undo disable')
    .option(...json)
    .action(run(changeAccount('enable')))
  account
    .command('password <email>')
    .description('set the password, read from standard input; ends all sessions and grants')
    .option(...json)
    .action(run(changeAccount('password')))
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
    await program.parseAsync(args, { from: 'user' })
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
