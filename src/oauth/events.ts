/** What the protocol did, one line of the log per event. Never a token, a code or a secret: who, which client, which refusal. */
import type Koa from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Fields, Log } from '../base/log.ts'
import { listenTo } from './listen.ts'

type ProtocolError = Error & {
  error?: string
  error_description?: string
  error_detail?: string
  cause?: unknown
}

const refusals = [
  'authorization.error',
  'end_session.error',
  'end_session_confirm.error',
  'grant.error',
  'device_authorization.error',
  'code_verification.error',
  'device_resume.error',
  'pushed_authorization_request.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'discovery.error',
  'jwks.error',
] as const

/** A device that waits for its person asks every few seconds (RFC 8628 s3.5): nothing was refused. */
const waits = new Set(['authorization_pending', 'slow_down'])

/** The library says of a client assertion that it failed, and keeps why in the error's cause. */
function reasonOf(error: ProtocolError): string {
  const { error_description, error_detail } = (error.cause ?? {}) as Partial<ProtocolError>
  return [error.error_description, error.error_detail, error_description, error_detail].filter(Boolean).join(' | ')
}

export function logEvents(provider: Provider, log: Log): void {
  const on = listenTo<ProtocolError>(provider)
  for (const event of refusals) {
    on(event, (ctx, error) => {
      if (waits.has(String(error.error))) return
      // The library's word for a token that is a JWT: those are answered by us (`tokens/questions.ts`).
      if (error.error === 'unsupported_token_type') return
      log.info(event, { ...whoOf(ctx), error: error.error ?? error.message, reason: reasonOf(error) })
    })
  }
  // Not the client's failing: the notice could not even be kept (see `logout/notices.ts`).
  on('backchannel.error', (ctx, error) => log.error('backchannel_logout.not_kept', { ...whoOf(ctx), error }))
  on('server_error', (ctx, error) => log.error('server_error', { ...whoOf(ctx), error, cause: error.cause }))
  // Koa's own: a connection that broke, an answer that could not be sent.
  const app: Koa = provider
  app.on('token_exchange.success', (ctx: KoaContextWithOIDC, what: Fields) =>
    log.info('token_exchange.success', { ...whoOf(ctx), ...what }),
  )
  app.on('error', (error: Error, ctx?: Koa.Context) =>
    log.info('connection.error', { request: ctx?.get('x-request-id'), error: error.message }),
  )
  on('authorization.success', (ctx) => log.info('authorization.success', whoOf(ctx)))
  on('grant.revoked', (ctx) => log.info('grant.revoked', whoOf(ctx)))
  on('api_key.revoked', (ctx) => log.info('api_key.revoked', whoOf(ctx)))
  on('access_token.revoked', (ctx) => log.info('access_token.revoked', whoOf(ctx)))
  // The library says so of whoever stays as well.
  on('end_session.success', (ctx) =>
    log.info(ctx.oidc.params?.logout ? 'end_session.success' : 'end_session.declined', whoOf(ctx)),
  )
}

function whoOf(ctx: KoaContextWithOIDC): Fields {
  const { entities, session } = ctx.oidc
  return {
    request: ctx.get('x-request-id'),
    client: entities.Client?.clientId,
    subject: entities.Account?.accountId ?? session?.accountId,
  }
}
