/** The sign-in of somebody who has just proved otherwise than by a password who they are: a ticket answers the page that would ask. */
import type { Context } from 'koa'
import type { NamedTicket } from '../tickets.ts'
import { beginSession } from './begin-session.ts'
import type { InteractionParts, Step } from './step.ts'

/** @returns false where there is no ticket, or none that answers what is asked; then the page asks. The browser keeps it in no case. */
export async function signedInByTicket(parts: InteractionParts, ctx: Context, step: Step): Promise<boolean> {
  const { tickets, accounts, signIn, now } = parts
  const { interaction } = step
  if (interaction.prompt.name !== 'login' || ctx.method !== 'GET') return false
  const ticket = tickets.find(interaction.uid)
  if (!ticket || !answers(ticket, interaction, now())) return false
  tickets.spend()
  const account = await accounts.findSignedIn(ticket.account, ticket.provenAt)
  if (!account) return false
  const acrs = ticket.by === 'link' ? signIn.linkAcrValues : signIn.acrValues
  return beginSession(parts, ctx, step, account, { ...ticket, acrs })
}

/** What was proved before this sign-in began is no answer to whoever wants it proved again (OpenID Connect Core s3.1.2.1). */
function answers({ uid, provenAt }: NamedTicket, { prompt, params }: Step['interaction'], now: number): boolean {
  if (uid !== undefined) return true
  return prompt.reasons.every(
    (reason) =>
      reason === 'no_session' || reason === 'account_gone' || (reason === 'max_age' && now - provenAt <= Number(params.max_age)),
  )
}
