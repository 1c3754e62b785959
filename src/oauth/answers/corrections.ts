/** Where the library's answer is not the standard's, the answer is put right here, one entry each; a test holds every one of them. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { listenTo } from '../listen.ts'
import { forgetOrigin } from '../policy/cors.ts'

type ProtocolError = Error & { error_description?: string; error_detail?: string; retryAfterSeconds?: number; cause?: unknown }

/** What the library calls `invalid_request`, by its words, since it has no other sign for it. */
const notTheClients = /^(requested grant type|urn:\S+:device_code) is not allowed for this client$/
const brokenBasic = new Set([
  'invalid authorization header value format',
  'client_id and client_secret in the authorization header are not properly encoded',
  'client_secret must be provided in the Authorization header',
])

const replayedProof = 'DPoP proof JWT Replay detected'
const notAuthenticated = 'no client authentication mechanism provided'
const unreadBody = 'failed to parse the request body'
const tokenQuestions = new Set(['introspection', 'revocation'])

export function correctAnswers(provider: Provider): void {
  const on = listenTo<ProtocolError>(provider)
  for (const event of [
    'grant.error',
    'introspection.error',
    'revocation.error',
    'userinfo.error',
    'device_authorization.error',
    'pushed_authorization_request.error',
    'authorization.error',
    'end_session.error',
    'server_error',
  ]) {
    on(event, (ctx, error) => {
      const { error_description: description = '', error_detail: detail } = error
      // RFC 6749 s5.2: a client that may not use this grant type is `unauthorized_client`.
      if (notTheClients.test(description)) replaceError(ctx, 'unauthorized_client')
      // RFC 6749 s5.2: a client that tried to authenticate by the header and failed gets 401 and the scheme it tried.
      if (brokenBasic.has(description)) askToAuthenticate(ctx)
      // RFC 9449 s5 and s7.1: a proof that was seen before is no proof.
      if (description === replayedProof || detail === replayedProof) replaceError(ctx, 'invalid_dpop_proof')
      // RFC 7662 s2.3, RFC 7009 s2.2.1: who does not authenticate at all is refused as RFC 6749 s5.2 says.
      if (description === notAuthenticated && tokenQuestions.has(ctx.oidc.route)) askToAuthenticate(ctx)
      // RFC 9112 s9.3: a body that was not read to its end takes its connection along.
      if (description === unreadBody && !ctx.req.complete) ctx.set('Connection', 'close')
      // A client whose keys we were too busy to fetch did not fail to show who it is; the library has one error for both.
      const unavailable = wrappedUnavailable(error)
      if (unavailable) sayUnavailable(ctx, unavailable)
      forgetOrigin(ctx)
      // RFC 9110 s10.2.3, for a store that cannot answer, or us.
      const { retryAfterSeconds } = unavailable ?? error
      if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds))
    })
  }
}

/** Whatever breaks the verification of an assertion becomes the cause of `invalid_client` (`shared/jwt_client_auth.js`). */
function wrappedUnavailable({ cause }: ProtocolError): ProtocolError | undefined {
  return cause instanceof Error && cause.message === 'temporarily_unavailable' ? cause : undefined
}

function sayUnavailable(ctx: KoaContextWithOIDC, { message, error_description }: ProtocolError): void {
  ctx.status = 503
  ctx.body = { error: message, error_description }
}

function askToAuthenticate(ctx: KoaContextWithOIDC): void {
  ctx.status = 401
  ctx.set('WWW-Authenticate', `Basic realm="${ctx.oidc.issuer}"`)
  replaceError(ctx, 'invalid_client')
}

function replaceError(ctx: KoaContextWithOIDC, error: string): void {
  if (typeof ctx.body === 'object' && ctx.body !== null) ctx.body = { ...ctx.body, error }
  const challenges: string[] = [ctx.response.get('WWW-Authenticate')].flat().filter(Boolean)
  if (challenges.length === 0) return
  ctx.set(
    'WWW-Authenticate',
    challenges.map((challenge) => challenge.replace(/error="[^"]*"/, `error="${error}"`)),
  )
}
