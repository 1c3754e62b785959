/** Where an issuer publishes its keys: RFC 8414, then OpenID Connect Discovery. */
import { secureUrl, wellKnownUrl } from './url.ts'

/**
 * Validates: that the document names exactly this issuer (RFC 8414 s3.3), that `jwks_uri` is an https URL (http on loopback alone).
 * Does NOT validate: anything else in the document, which is not used.
 * @throws AggregateError with what went wrong at each place
 */
export async function discoverJwksUri(
  issuer: string,
  get: (url: string) => Promise<unknown>,
  allowHttp: boolean | undefined,
): Promise<string> {
  const openid = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const faults: unknown[] = []
  for (const url of [wellKnownUrl(issuer, 'oauth-authorization-server').href, openid]) {
    try {
      return jwksUriOf(await get(url), issuer, allowHttp)
    } catch (fault) {
      faults.push(fault)
    }
  }
  throw new AggregateError(
    faults,
    `no metadata of ${issuer} could be read: ${faults.map((fault) => (fault as Error).message).join('; ')}`,
  )
}

function jwksUriOf(document: unknown, issuer: string, allowHttp: boolean | undefined): string {
  const { issuer: named, jwks_uri: uri } = (document ?? {}) as Record<string, unknown>
  if (named !== issuer) throw new Error(`the metadata is of another issuer: ${JSON.stringify(named)}`)
  const { protocol } = secureUrl(uri as string, 'jwks_uri', allowHttp)
  // Loopback is no excuse for an issuer out in the world.
  if (protocol !== 'https:' && new URL(issuer).protocol === 'https:') throw new Error(`jwks_uri is not https: ${uri}`)
  return uri as string
}
