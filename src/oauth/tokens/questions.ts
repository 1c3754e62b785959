/**
 * Introspection (RFC 7662) and revocation (RFC 7009) of access tokens, which are JWTs that were never stored, and of API keys. The library
 * authenticates the client, checks the request and then refuses a token that is a JWT; that one refusal is replaced by an answer here. An API key is
 * none of its tokens, which it says of one that it never heard of: that answer is replaced too. All else can only be a refresh token, which
 * the library answers itself. Rests on the order of its checks; the flows hold it.
 */
import type { Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { ApiKeys } from '../../tokens/api-keys.ts'
import type { Revocations } from '../../tokens/revocation.ts'
import { listenTo } from '../listen.ts'
import { answerIntrospection } from './introspection.ts'
import type { LivingTokens } from './living-tokens.ts'
import { revokeAccessToken } from './revocation.ts'
import { asToken, isAboutApiKey, revokeKey } from './shown-keys.ts'

export interface QuestionParts {
  living: LivingTokens
  apiKeys: Pick<ApiKeys, 'findLiving' | 'end'>
  revocations: Revocations
}

/** Stands before the library's router, and inside whatever says a refusal: a store that cannot answer is one. */
export function answerTokenQuestions(provider: Provider, { living, apiKeys, revocations }: QuestionParts): Middleware {
  const refused = refusedJwts(provider)
  return async (context, next) => {
    await next()
    const ctx = context as unknown as KoaContextWithOIDC
    const route = ctx.oidc?.route
    if (route !== 'introspection' && route !== 'revocation') return
    const isQuestion = route === 'introspection'
    if (refused.has(context)) {
      if (isQuestion) await answerIntrospection(ctx, 'access_token', living.find)
      else await revokeAccessToken(ctx, living, revocations)
    } else if (isAboutApiKey(ctx)) {
      if (isQuestion) await answerIntrospection(ctx, 'api_key', async (key) => asToken(await apiKeys.findLiving(key)))
      else await revokeKey(ctx, apiKeys)
    }
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
