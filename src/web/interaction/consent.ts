/** The consent page, and what it and its answer are computed from. */
import type { Context } from 'koa'
import { Refusal } from '../../base/errors.ts'
import { type AskedPermission, askedPermissions, type ConsentRequest } from '../../oauth/consent/asked.ts'
import { heldSignIn } from '../../oauth/records/sign-ins.ts'
import { staysOnDevice } from '../../settings/uri.ts'
import type { Account } from '../../store/store.ts'
import { about, appOf, type InteractionParts, pathOf, type Step, show } from './step.ts'

/** @param changed since the person was shown the page before */
export async function showConsent(parts: InteractionParts, ctx: Context, step: Step, changed = false): Promise<void> {
  const { request, account } = await consentRequest(parts, step)
  const { client } = step
  // A device asked, and nobody is sent anywhere (RFC 8628).
  const redirectUri = step.interaction.deviceCode ? undefined : new URL(String(step.interaction.params.redirect_uri))
  const asked = askedPermissions(parts.apis, request)
  show(parts, ctx, changed ? 409 : 200, client)
  ctx.body = parts.pages.render('consent', {
    action: `${pathOf(step)}/consent`,
    switchAction: `${pathOf(step)}/switch`,
    csrf: parts.csrf.tokenFor(about(step)),
    shown: parts.csrf.tokenFor(aboutList(step, asked)),
    changed,
    client: { ...appOf(client), policyUri: client.policyUri, tosUri: client.tosUri },
    account: { name: account.name, email: account.email },
    permissions: asked.map(({ name, value, api, sentence, required, granted, fields }) => ({
      name,
      value,
      api: api?.name,
      sentence,
      required,
      fields,
      isNew: request.grant !== undefined && !granted,
    })),
    redirectHost: redirectUri && (redirectUri.host || redirectUri.protocol),
    loopback: redirectUri !== undefined && staysOnDevice(redirectUri.href),
  })
}

/**
 * Between a page and its answer a role, a client or the settings may change, and with them what there is to allow.
 * @param shown as the page's form sent it
 */
export function isWhatWasShown(parts: InteractionParts, step: Step, request: ConsentRequest, shown: unknown): boolean {
  return parts.csrf.matches(aboutList(step, askedPermissions(parts.apis, request)), shown)
}

/** All of a page that an answer to it allows or refuses. */
const aboutList = (step: Step, asked: AskedPermission[]): string =>
  `${about(step)}/${JSON.stringify(asked.map(({ api, granted: _, ...said }) => ({ ...said, api: api?.identifier })))}`

/** Whose step this is: of whoever is signed in, or has just given the password and is not yet. @throws Refusal `access_denied` */
export async function presentAccount({ accounts }: InteractionParts, { interaction }: Step): Promise<Account> {
  const signIn = heldSignIn(interaction)
  const account = await (signIn
    ? accounts.findSignedIn(signIn.accountId, signIn.ts)
    : accounts.findActive(interaction.session?.accountId ?? ''))
  if (account) return account
  throw new Refusal('access_denied', 'Nobody is signed in here any more. Please go back to the app.', { status: 403 })
}

export async function consentRequest(
  parts: InteractionParts,
  step: Step,
): Promise<{ request: ConsentRequest; account: Account }> {
  const { interaction, client } = step
  const account = await presentAccount(parts, step)
  const grant = interaction.grantId ? await parts.provider.Grant.find(interaction.grantId) : undefined
  return { request: { interaction, client, roles: account.roles, grant }, account }
}
