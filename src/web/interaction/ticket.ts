/** The sign-in of somebody who has just proved otherwise than by a password who they are: a ticket answers the page that would ask. */
import type { Context } from 'koa'
import type { InteractionResults } from 'oidc-provider'
import { passwordAcr } from '../../oauth/policy/acr.ts'
import type { NamedTicket } from '../tickets.ts'
import type { InteractionParts, Step } from './step.ts'

type Login = NonNullable<InteractionResults['login']>

/** @returns undefined where there is no ticket, or none that answers what is asked; then the page asks. The browser keeps it in no case. */
export async function loginByTicket(parts: InteractionParts, ctx: Context, step: Step): Promise<Login | undefined> {
  const { tickets, accounts, acrValues, now } = parts
  const { interaction } = step
  if (interaction.prompt.name !== 'login' || ctx.method !== 'GET') return undefined
  const ticket = tickets.find(interaction.uid)
  if (!ticket || !answers(ticket, interaction, now())) return undefined
  tickets.spend()
  const { account, amr, acr = passwordAcr(acrValues, interaction.params), provenAt: ts, name } = ticket
  if (!(await accounts.findSignedIn(account, ts))) return undefined
  return { accountId: account, ts, acr, amr, remember: true, name }
}

/** What was proved before this sign-in began is no answer to whoever wants it proved again (OpenID Connect Core s3.1.2.1). */
function answers({ uid, provenAt }: NamedTicket, { prompt, params }: Step['interaction'], now: number): boolean {
  if (uid !== undefined) return true
  return prompt.reasons.every(
    (reason) =>
      reason === 'no_session' || reason === 'account_gone' || (reason === 'max_age' && now - provenAt <= Number(params.max_age)),
  )
}
