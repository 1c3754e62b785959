/** What this API publishes about itself, so that a client finds out by itself where tokens come from: RFC 9728 s2. */
import { type DpopMode, proofAlgorithms } from './dpop.ts'
import type { Resource } from './resource.ts'
import { wellKnownUrl } from './url.ts'

export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly dpop_signing_alg_values_supported?: readonly string[]
  readonly dpop_bound_access_tokens_required?: boolean
}

export function metadataOf<S extends string>(resource: Resource<S>, issuer: string, dpop: DpopMode): ProtectedResourceMetadata {
  return {
    resource: resource.id,
    authorization_servers: [issuer],
    scopes_supported: [...resource.scopes.keys()],
    bearer_methods_supported: ['header'],
    ...(dpop === 'off' ? {} : { dpop_signing_alg_values_supported: proofAlgorithms }),
    ...(dpop === 'require' ? { dpop_bound_access_tokens_required: true } : {}),
  }
}

/** Where a client looks for it: RFC 9728 s3.1. */
export const metadataUrlOf = <S extends string>(resource: Resource<S>): URL =>
  wellKnownUrl(resource.id, 'oauth-protected-resource')
