/** Where an issuer publishes its keys, and what it revoked: RFC 8414, then OpenID Connect Discovery. */
import { secureUrl, wellKnownUrl } from './url.ts'

type Get = (url: string) => Promise<unknown>
type Metadata = Record<string, unknown>

/**
 * Validates: that the document names exactly this issuer (RFC 8414 s3.3), that `jwks_uri` is an https URL (http on loopback alone).
 * Does NOT validate: anything else in the document, which is not used.
 * @throws AggregateError with what went wrong at each place
 */
export function discoverJwksUri(issuer: string, get: Get, allowHttp: boolean | undefined): Promise<string> {
  return discovered(issuer, get, (metadata) => uriOf(metadata, 'jwks_uri', issuer, allowHttp))
}

/**
 * As `discoverJwksUri`, of `revocations_uri` (docs/revocation.md), which an issuer may leave out.
 * @returns undefined where it does, or where no metadata could be read
 */
export async function discoverRevocationsUri(
  issuer: string,
  get: Get,
  allowHttp: boolean | undefined,
): Promise<string | undefined> {
  const metadata = await discovered(issuer, get, (found) => found).catch(() => undefined)
  if (metadata?.revocations_uri === undefined) return undefined
  return uriOf(metadata, 'revocations_uri', issuer, allowHttp)
}

async function discovered<T>(issuer: string, get: Get, read: (metadata: Metadata) => T): Promise<T> {
  const openid = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const faults: unknown[] = []
  for (const url of [wellKnownUrl(issuer, 'oauth-authorization-server').href, openid]) {
    try {
      return read(ofIssuer(await get(url), issuer))
    } catch (fault) {
      faults.push(fault)
    }
  }
  throw new AggregateError(
    faults,
    `no metadata of ${issuer} could be read: ${faults.map((fault) => (fault as Error).message).join('; ')}`,
  )
}

function ofIssuer(document: unknown, issuer: string): Metadata {
  const metadata = (document ?? {}) as Metadata
  if (metadata.issuer !== issuer) throw new Error(`the metadata is of another issuer: ${JSON.stringify(metadata.issuer)}`)
  return metadata
}

function uriOf(metadata: Metadata, name: string, issuer: string, allowHttp: boolean | undefined): string {
  const uri = metadata[name]
  const { protocol } = secureUrl(uri as string, name, allowHttp)
  // Loopback is no excuse for an issuer out in the world.
  if (protocol !== 'https:' && new URL(issuer).protocol === 'https:') throw new Error(`${name} is not https: ${uri}`)
  return uri as string
}
