/** Where the library's metadata (RFC 8414, OpenID Connect Discovery) says what the standard does not allow. */
import type { Middleware } from 'koa'

/** RFC 8414 s3.2: "claims with zero elements MUST be omitted". */
export const correctMetadata: Middleware = async (ctx, next) => {
  await next()
  if (!/^\/\.well-known\/(openid-configuration|oauth-authorization-server)$/.test(ctx.path)) return
  const metadata = ctx.body as Record<string, unknown>
  for (const [name, value] of Object.entries(metadata)) if (Array.isArray(value) && value.length === 0) delete metadata[name]
}
