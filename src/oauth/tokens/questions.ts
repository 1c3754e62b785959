/**
 * Introspection (RFC 7662) and revocation (RFC 7009) of access tokens, which are JWTs that were never stored. The library authenticates
 * the client, checks the request and then refuses a token that is a JWT; that one refusal is replaced by an answer here. What is no JWT
 * can only be a refresh token, which the library answers itself. Rests on the order of its checks; the flows hold it.
 */
import type { Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Revocations } from '../../tokens/revocation.ts'
import { listenTo } from '../listen.ts'
import { answerIntrospection } from './introspection.ts'
import type { LivingTokens } from './living-tokens.ts'
import { revokeAccessToken } from './revocation.ts'

/** Stands before the library's router, and inside whatever says a refusal: a store that cannot answer is one. */
export function answerTokenQuestions(provider: Provider, living: LivingTokens, revocations: Revocations): Middleware {
  const refused = refusedJwts(provider)
  return async (context, next) => {
    await next()
    if (!refused.has(context)) return
    const ctx = context as unknown as KoaContextWithOIDC
    if (ctx.oidc.route === 'introspection') await answerIntrospection(ctx, living)
    else await revokeAccessToken(ctx, living, revocations)
  }
}

/** The requests whose client was authenticated, and whose token is a JWT. */
function refusedJwts(provider: Provider): WeakSet<object> {
  const refused = new WeakSet<object>()
  const on = listenTo<{ error?: string }>(provider)
  for (const event of ['introspection.error', 'revocation.error']) {
    on(event, (ctx, { error }) => {
      if (error === 'unsupported_token_type') refused.add(ctx)
    })
  }
  return refused
}
