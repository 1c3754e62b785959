import type { Command } from 'commander'
import { addAccount, changeAccount, deleteAccount, listAccounts, setClaims, setEmail, setPassword } from './account.ts'
import { importAccounts } from './import.ts'
import { json, run } from './run.ts'

export function accountCommands(account: Command): void {
  account
    .command('add <email>')
    .description('add a person; the password is read from standard input')
    .option('--name <name>', 'as apps and pages say it')
    .option('--role <role...>', 'of those that the settings declare')
    .option(...json)
    .action(run(addAccount))
  account
    .command('import <file>')
    .description('add people of another system with their hashes, a JSON object a line, - for standard input')
    .option('--dry-run', 'judge every line, and write nothing')
    .option(...json)
    .action(run(importAccounts))
  account
    .command('list')
    .description('all people')
    .option(...json)
    .action(run(listAccounts))
  account
    .command('roles <email> [roles...]')
    .description('set the roles; none takes all away, and API keys that need one end')
    .option(...json)
    .action(run(changeAccount('roles')))
  account
    .command('claims <email> <json>')
    .description('what apps may learn of a person, by the claims of OpenID Connect Core s5.1')
    .option(...json)
    .action(run(setClaims))
  account
    .command('email <email> <new>')
    .description('set another address, unconfirmed; tells the old one, and ends all links that were sent by letter')
    .option(...json)
    .action(run(setEmail))
  account
    .command('disable <email>')
    .description('end all sessions, grants and API keys, and refuse sign-in')
    .option(...json)
    .action(run(changeAccount('disable')))
  account
    .command('enable <email>')
    .description('undo disable')
    .option(...json)
    .action(run(changeAccount('enable')))
  account
    .command('delete <email>')
    .description('remove a person for good, and end all that they have')
    .option('--yes', 'without being asked')
    .option(...json)
    .action(run(deleteAccount))
  account
    .command('password <email>')
    .description('set the password, read from standard input; ends all sessions and grants')
    .option('--end-keys', 'and all API keys')
    .option(...json)
    .action(run(setPassword))
}
