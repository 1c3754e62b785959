/** Where the library's metadata (RFC 8414, OpenID Connect Discovery) says what the standard does not allow. */
import type { Middleware } from 'koa'

export const correctMetadata: Middleware = async (ctx, next) => {
  await next()
  if (!/^\/\.well-known\/(openid-configuration|oauth-authorization-server)$/.test(ctx.path)) return
  const metadata = ctx.body as Record<string, unknown>
  // RFC 8414 s2: without these, clients take it that the endpoint knows Basic alone; the library asks at all three in the same way.
  for (const endpoint of ['introspection', 'revocation']) {
    for (const what of ['auth_methods_supported', 'auth_signing_alg_values_supported'])
      metadata[`${endpoint}_endpoint_${what}`] = metadata[`token_endpoint_${what}`]
  }
  // The other one is this server's own (`clients/own-client.ts`).
  metadata.response_types_supported = ['code']
  // RFC 8414 s3.2: "claims with zero elements MUST be omitted".
  for (const [name, value] of Object.entries(metadata)) if (Array.isArray(value) && value.length === 0) delete metadata[name]
}
