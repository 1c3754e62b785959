/** When a person is asked, beyond what the library asks by itself. */
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { acrValues } from './acr.ts'

const { Check, Prompt } = interactionPolicy

/**
 * @param acrs what the operator lists as the worth of a sign-in
 * @param mustAsk whether the request has something beside scopes and claims that its person was not asked before
 */
export function interactions(acrs: string[], mustAsk: (ctx: KoaContextWithOIDC) => boolean): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  const login = policy.get('login')!
  // A session whose account was disabled or deleted counts for nothing.
  login.checks.add(
    new Check('account_gone', 'End-User authentication is required', 'login_required', (ctx) =>
      ctx.oidc.session?.accountId !== undefined && !ctx.oidc.account ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  )
  rememberHint(login.checks.get('id_token_hint')!)
  for (const reason of ['id_token_hint', 'claims_id_token_sub_value']) {
    // OpenID Connect Core s3.1.2.2: whoever signs in as somebody else than the client asked for gets an error, not the same page for ever.
    refuse(login, reason, (ctx) =>
      ctx.oidc.result?.login ? new errors.LoginRequired('another person signed in than the one asked for') : undefined,
    )
  }
  for (const reason of ['essential_acrs', 'essential_acr']) {
    // OpenID Connect Core s5.5.1.1: what is essential and cannot be had is a failed sign-in.
    refuse(login, reason, (ctx) => {
      const possible = acrValues(ctx.oidc.claims.id_token?.acr).some((acr) => acrs.includes(acr))
      return possible ? undefined : new errors.UnmetAuthenticationRequirements('no requested acr can be had here')
    })
  }
  // After `login`: signing in is a choice of the account too (see `web/interaction`), so nobody is asked twice.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1)
  // The library asks about authorization details each time.
  const consent = policy.get('consent')!
  consent.checks.remove('rar_prompt')
  consent.checks.add(new Check('rar_prompt', 'authorization_details were requested', 'consent_required', mustAsk))
  return policy
}

/** The library reads the hint when a request begins and forgets it over the sign-in, after which it would let anybody pass. */
function rememberHint(check: interactionPolicy.Check): void {
  const asks = check.check
  check.check = async (ctx) => {
    const { oidc } = ctx
    const { id_token_hint: hint } = oidc.params as { id_token_hint?: string }
    if (hint !== undefined && oidc.entities.IdTokenHint === undefined) {
      const { IdToken } = oidc.provider as unknown as { IdToken: { validate(jwt: string, client: unknown): Promise<object> } }
      const read = await IdToken.validate(hint, oidc.client).catch((cause) => {
        throw new errors.InvalidRequest('could not validate id_token_hint', undefined, { cause })
      })
      oidc.entity('IdTokenHint', read as never)
    }
    return asks(ctx)
  }
}

/** Lets a check of the library's end in an error where asking (again) would lead nowhere. */
function refuse(prompt: interactionPolicy.Prompt, reason: string, errorOf: (ctx: KoaContextWithOIDC) => Error | undefined): void {
  const check = prompt.checks.get(reason)!
  const asks = check.check
  check.check = async (ctx) => {
    const asked = await asks(ctx)
    const error = asked ? errorOf(ctx) : undefined
    if (error) throw error
    return asked
  }
}
