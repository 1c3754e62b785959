import { type Command, Option } from 'commander'
import { clientKinds } from '../settings/client/kinds.ts'
import { addClient, keepTimes, listClients, removeClient, rotateSecret, showClient } from './client.ts'
import { json, run } from './run.ts'

export function clientCommands(client: Command): void {
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
    .addOption(
      new Option(
        '--compromised',
        'others have the one before: it ends at once, with every token issued until now, and API keys',
      ).conflicts('keep'),
    )
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
