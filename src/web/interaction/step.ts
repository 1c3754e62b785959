/** One step of an interaction: found by the browser's cookie, ended by a result. */
import type { Context } from 'koa'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import type { Accounts } from '../../accounts/account.ts'
import type { Attempts } from '../../accounts/attempts.ts'
import { networkOf } from '../../accounts/networks.ts'
import type { SignInLinks } from '../../accounts/sign-in-links.ts'
import type { Audit, What } from '../../audit/audit.ts'
import type { Clock } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { notePerson } from '../../base/request.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { OurClient } from '../../oauth/clients/our-client.ts'
import type { Interaction } from '../../oauth/consent/asked.ts'
import { interactionPath } from '../../oauth/cookies.ts'
import { endSession } from '../../oauth/logout/endings.ts'
import type { Pages } from '../../pages/render.ts'
import type { Apis } from '../../permissions/apis.ts'
import type { Settings } from '../../settings/load.ts'
import type { AskedLinks } from '../asked-links.ts'
import type { Csrf } from '../csrf.ts'
import type { Headers } from '../headers.ts'
import type { KnownDevices } from '../known-devices.ts'
import type { Said } from '../said.ts'
import { seeOther } from '../see-other.ts'
import type { Tickets } from '../tickets.ts'
import type { SomebodyElse } from './somebody-else.ts'

export interface InteractionParts {
  provider: Provider
  accounts: Accounts
  audit: Audit
  attempts: Attempts
  tickets: Tickets
  /** What was done just before the sign-in page. */
  said: Said
  apis: Apis
  issuer: string
  signIn: Settings['signIn']
  /** Whether people sign up by themselves. */
  offersSignUp: boolean
  somebodyElse: SomebodyElse
  /** Absent unless links sign people in. */
  linkSignIns: LinkSignIns | undefined
  devices: KnownDevices
  mailer: Pick<Mailer, 'owe' | 'delivers'>
  /** Whether each sign-in is in the audit log too. */
  auditSignIns: boolean
  pages: Pages
  csrf: Csrf
  headers: Headers
  now: Clock
  log: Log
}

export interface LinkSignIns {
  links: SignInLinks
  asked: AskedLinks
}

export interface Step {
  interaction: Interaction
  client: OurClient
}

export const about = ({ interaction }: Step) => `interaction/${interaction.uid}`
/** Comes back to a sign-in that may be over by now, or another browser's; then the person signs in to their own account. */
export const againPath = (uid: string): string => `${interactionPath(uid)}/again`
export const pathOf = ({ interaction }: Step) => interactionPath(interaction.uid)

/** The interaction that this browser's cookie names. @throws Refusal `invalid_request` without one, or when the address names another */
export async function stepOf(provider: Provider, ctx: Context): Promise<Step> {
  const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch((cause) => {
    if (!(cause instanceof errors.SessionNotFound)) throw cause
    throw new Refusal('invalid_request', 'This step is finished already, or it was begun in another browser.', { cause })
  })
  if (interaction.uid !== ctx.params.uid) throw new Refusal('invalid_request', 'This page belongs to another sign-in.')
  const client = await provider.Client.find(String(interaction.params.client_id))
  if (!client) throw new Refusal('invalid_client', 'The app that asked is no longer registered.')
  return { interaction, client: client as OurClient }
}

export async function finish(provider: Provider, ctx: Context, result: InteractionResults, merge = false): Promise<void> {
  forgetStep(provider, ctx)
  seeOther(ctx, await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: merge }))
}

/**
 * Whoever switches the account leaves: the session ends as by a sign-out, and the step ends with nothing, so that the policy asks for a sign-in. The request goes on as it was made, however it was made.
 * @returns whose session it was, if there was one
 */
export async function leave(provider: Provider, ctx: Context, { interaction }: Step): Promise<string | undefined> {
  const session = await provider.Session.get(ctx)
  const { accountId } = session
  if (accountId !== undefined) notePerson({ account: accountId, network: networkOf(ctx.ip) })
  await endSession(provider, session)
  forgetStep(provider, ctx)
  // A step that was begun in one session is not resumed in another, and now there is none.
  interaction.session = undefined
  interaction.result = {}
  await interaction.persist()
  seeOther(ctx, interaction.returnTo)
  return accountId
}

/** Each step has a cookie of its own; left behind, they pile up to the browser's limit for the host. */
function forgetStep(provider: Provider, ctx: Context): void {
  const name = provider.cookieName('interaction')
  ctx.cookies.set(name, null, { path: interactionPath(ctx.params.uid), signed: false })
}

/** A person, at a page of this server, on the way to an app. */
export const by = (ctx: Context, { client }: Step, account: string): What => ({
  actor: `account:${account}`,
  account,
  client: client.clientId,
  from: networkOf(ctx.ip),
})

/** For the log. */
export const whoAsks = (ctx: Context, { client }: Step) => ({
  request: ctx.get('x-request-id'),
  client: client.clientId,
  network: networkOf(ctx.ip),
})

/** What an app is called on a page. */
export const appOf = (client: OurClient) => ({
  name: client.clientName ?? client.clientId,
  logo: client.logoUri,
  verified: client.verified,
})

export function show({ headers }: InteractionParts, ctx: Context, status: number, client: OurClient): void {
  ctx.status = status
  ctx.type = 'html'
  ctx.set('Content-Security-Policy', headers.policyShowing(client.logoUri))
}
