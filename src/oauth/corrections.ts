/** Where the library's answer is not the standard's, the answer is put right here, one entry each; a test holds every one of them. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

export function correctAnswers(provider: Provider): void {
  provider.on('grant.error', (ctx, error) => {
    // RFC 6749 s5.2: a client that may not use this grant type is `unauthorized_client`; the library says `invalid_request`.
    if (error.error_description === 'requested grant type is not allowed for this client')
      replaceError(ctx, 'unauthorized_client')
  })
}

function replaceError(ctx: KoaContextWithOIDC, error: string): void {
  if (typeof ctx.body === 'object' && ctx.body !== null) ctx.body = { ...ctx.body, error }
}
