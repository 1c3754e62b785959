/** What every sign-in does, whatever proved who it is: it is counted, told of where the browser is a new one, written down, and ends its page. */
import type { Context } from 'koa'
import { networkOf } from '../../accounts/networks.ts'
import type { SignInAfter } from '../../accounts/sign-in-links.ts'
import { recoveryPath } from '../../accounts/told.ts'
import { acrOfSignIn } from '../../oauth/policy/acr.ts'
import type { Account } from '../../store/store.ts'
import { agentInWords } from '../agents.ts'
import { by, finish, type InteractionParts, type Step, whoAsks } from './step.ts'

export interface Proof {
  amr: string[]
  /** What it is worth, by the operator's names. */
  acrs: string[]
  /** When it was given, before anybody looked at it: what happens to the account meanwhile is later than this sign-in. */
  provenAt: number
  /** Of the sign-in, if it has one already. */
  name?: string | undefined
  /** What has to be as it was when the proof was made. */
  after?: SignInAfter | undefined
  /** No letter tells of it. */
  withoutLetter?: boolean | undefined
}

/** @returns false, and does nothing, where another sign-in came before one that is good for the next alone */
export async function beginSession(
  parts: InteractionParts,
  ctx: Context,
  step: Step,
  account: Account,
  proof: Proof,
): Promise<boolean> {
  const { provider, audit, linkSignIns, log } = parts
  if (linkSignIns && !(await linkSignIns.links.signedIn(account.id, proof.after))) return false
  // One turn, so that one commit holds both.
  await Promise.all([
    tellOfNewDevice(parts, ctx, account, proof),
    parts.auditSignIns && audit.record('session.began', by(ctx, step, account.id)),
  ])
  log.info('sign_in.success', { ...whoAsks(ctx, step), subject: account.id, amr: proof.amr })
  const { amr, provenAt: ts, name } = proof
  const acr = acrOfSignIn(proof.acrs, step.interaction.params)
  // Whoever has just signed in has chosen an account.
  await finish(provider, ctx, {
    login: { accountId: account.id, ts, acr, amr, remember: true, ...(name !== undefined && { name }) },
    select_account: {},
  })
  return true
}

/** The letter is owed before the sign-in is answered: whoever has the password cannot keep it from its person. */
async function tellOfNewDevice(
  { devices, mailer, signIn, issuer, now }: InteractionParts,
  ctx: Context,
  account: Account,
  { withoutLetter }: Proof,
): Promise<void> {
  const isKnown = devices.nameFor(ctx, account) !== undefined
  devices.note(ctx, account)
  if (isKnown || withoutLetter || !signIn.newDeviceLetters || !mailer.delivers) return
  const { name, email } = account
  const [network, agent] = [networkOf(ctx.ip), agentInWords(ctx.get('User-Agent'))]
  const model = { name, at: now(), network, agent, link: issuer + recoveryPath }
  await mailer.owe({ kind: 'new-device', to: email, model }, { account: account.id })
}
