import { type Command, Option } from 'commander'
import { addKey, endKey, listApiKeys } from './key.ts'
import { json, run } from './run.ts'

export function apiKeyCommands(key: Command): void {
  key
    .command('add')
    .description('make an API key for a person or a machine; it is shown once')
    .addOption(new Option('--account <email>', 'whose it is: a person, who is told by letter').conflicts('client'))
    .option('--client <id>', 'whose it is: a machine')
    .requiredOption('--api <id>', 'what it is good for: the identifier of one API that takes keys')
    .requiredOption('--scope <scope...>', 'what it may do there, of what its owner may')
    .requiredOption('--name <name>', 'by which its owner knows it again')
    .addOption(new Option('--days <count>', 'how long it is good').conflicts('until'))
    .option('--until <date>', 'the last day on which it is good, such as 2027-01-31 (UTC)')
    .option(...json)
    .action(run(addKey))
  key
    .command('list')
    .description('all API keys that are alive, never the keys themselves')
    .addOption(new Option('--account <email>', 'of this person').conflicts('client'))
    .option('--client <id>', 'of this machine')
    .option(...json)
    .action(run(listApiKeys))
  key
    .command('end <id>')
    .description('end an API key at once and for good, with what was got in exchange for it; its person is told by letter')
    .option(...json)
    .action(run(endKey))
}
