/** The sign-in page, and the attempt that its form makes. */
import type { Context } from 'koa'
import type { Accounts } from '../../accounts/account.ts'
import type { Attempt, Attempts } from '../../accounts/attempts.ts'
import { recoveryPath } from '../../accounts/told.ts'
import { Refusal } from '../../base/errors.ts'
import { ownClientId } from '../../oauth/clients/own-client.ts'
import type { Fault } from '../../pages/form-model.ts'
import type { Account } from '../../store/store.ts'
import { signUpPath } from '../sign-up-cookies.ts'
import { about, appOf, type InteractionParts, pathOf, type Step, show } from './step.ts'

export interface SignInFault {
  error: Fault
  status: number
  retryAfterSeconds?: number
}

export async function trySignIn(
  { accounts, attempts }: { accounts: Accounts; attempts: Attempts },
  attempt: Attempt,
  password: string,
): Promise<Account | SignInFault> {
  try {
    accounts.checkRoom()
    const account = await attempts.counted(attempt, () => accounts.authenticate(attempt.email, password))
    return (
      account ?? {
        error: { code: 'wrong_credentials', sentence: 'The e-mail address or the password is wrong.' },
        status: 422,
      }
    )
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return signInFault(cause)
  }
}

export function signInFault({ code, message: sentence, status, retryAfterSeconds }: Refusal): SignInFault {
  return { error: { code, sentence }, status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
}

export async function showSignIn(
  parts: InteractionParts,
  ctx: Context,
  step: Step,
  fault?: SignInFault & { email: string },
): Promise<void> {
  const { pages, csrf, accounts } = parts
  const { params, session } = step.interaction
  const present = session?.accountId ? await accounts.findActive(session.accountId) : undefined
  if (fault?.retryAfterSeconds) ctx.set('Retry-After', String(fault.retryAfterSeconds))
  show(parts, ctx, fault?.status ?? 200, step.client)
  ctx.body = pages.render('signIn', {
    action: `${pathOf(step)}/sign-in`,
    onDevice: step.interaction.deviceCode !== undefined,
    linkAction: offersLink(parts, step) ? `${pathOf(step)}/link` : undefined,
    abortAction: `${pathOf(step)}/cancel`,
    csrf: csrf.tokenFor(about(step)),
    client: step.client.clientId === ownClientId ? undefined : appOf(step.client),
    loginHint: typeof params.login_hint === 'string' ? params.login_hint : undefined,
    email: fault?.email,
    switchFrom: present?.email,
    error: fault?.error,
    done: fault ? undefined : parts.said.take(ctx),
    signUpHref: parts.offersSignUp ? `${signUpPath}?for=${step.interaction.uid}` : undefined,
    recoveryHref: parts.mailer.delivers ? `${recoveryPath}?for=${step.interaction.uid}` : undefined,
  })
}

/** What has to be worth something that a link is not (OpenID Connect Core s5.5.1.1) is asked for by password. */
const offersLink = ({ linkSignIns }: InteractionParts, { interaction }: Step): boolean =>
  linkSignIns !== undefined &&
  !interaction.prompt.reasons.some((reason) => reason === 'essential_acr' || reason === 'essential_acrs')
