import type { Command } from 'commander'
import { revokeAccount, revokeApi, revokeClient, revokeEverything, revokeGrant, revokeToken } from './revoke.ts'
import { json, run } from './run.ts'

export function revokeCommands(revoke: Command): void {
  revoke
    .command('token')
    .description('end one token or API key, read from standard input; or by its jti, where that is all there is')
    .option('--jti <jti>', 'the claim of that name, with --until')
    .option('--until <time>', 'when it expires, or later: a date, or how far away: 90m, 12h, 7d')
    .option(...json)
    .action(run(revokeToken))
  revoke
    .command('grant <grant>')
    .description(
      'end what a person allowed an app, by the claim of that name: its refresh tokens, and every access token from it',
    )
    .option(...json)
    .action(run(revokeGrant))
  revoke
    .command('account <who>')
    .description('end whatever was issued to a person, by their address or the subject of their tokens; they sign in again')
    .option(...json)
    .action(run(revokeAccount))
  revoke
    .command('client <id>')
    .description(
      'end whatever a client was issued until now, and what people allowed it; signet:keys is the API keys of all people',
    )
    .option(...json)
    .action(run(revokeClient))
  revoke
    .command('api <identifier>')
    .description('end whatever was issued for an API until now, API keys too; apps that people use get new tokens')
    .option(...json)
    .action(run(revokeApi))
  revoke
    .command('everything')
    .description('end every access token and API key of this issuer that was issued until then, whoever has it')
    .option('--before <time>', 'what is older than this: a date, or how long ago: 90m, 12h, 7d; otherwise than now')
    .option('--yes', 'without being asked')
    .option(...json)
    .action(run(revokeEverything))
}
