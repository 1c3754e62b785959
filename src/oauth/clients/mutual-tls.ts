/**
 * Mutual TLS behind a proxy (RFC 8705): the certificate stands in a header that only a trusted proxy can set (`web/door.ts`). Off without the
 * setting; `tls_client_auth` is on only where the proxy also says that the certificate's chain was verified.
 */
import type { X509Certificate } from 'node:crypto'
import type { ClientAuthMethod, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { bearsSubject, certificateFrom, isInItsTime } from '../../crypto/certificates.ts'
import type { SubjectField } from '../../settings/client/authentication.ts'
import type { ProviderParts } from '../parts.ts'

type MutualTls = NonNullable<Configuration['features']>['mTLS']

export function mutualTls({ settings, now }: Pick<ProviderParts, 'settings' | 'now'>): MutualTls {
  const { certificateHeader, verifiedHeader } = settings.mutualTls ?? {}
  if (!certificateHeader) return { enabled: false }
  /** A certificate that has expired is none. */
  const sent = (ctx: KoaContextWithOIDC): X509Certificate | undefined => {
    const certificate = certificateFrom(ctx.get(certificateHeader))
    return certificate && isInItsTime(certificate, now()) ? certificate : undefined
  }
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: verifiedHeader !== undefined,
    getCertificate: sent,
    certificateAuthorized: (ctx) => verifiedHeader !== undefined && ctx.get(verifiedHeader) === 'SUCCESS',
    certificateSubjectMatches: (ctx, member, expected) => {
      const certificate = sent(ctx)
      return certificate !== undefined && bearsSubject(certificate, fieldOf(member), expected)
    },
  }
}

/** `tls_client_auth_subject_dn`, `tls_client_auth_san_dns`, … */
const fieldOf = (member: string): SubjectField => member.slice(member.lastIndexOf('_') + 1) as SubjectField

export function mutualTlsMethods({ mutualTls: given }: ProviderParts['settings']): ClientAuthMethod[] {
  if (!given) return []
  return given.verifiedHeader ? ['self_signed_tls_client_auth', 'tls_client_auth'] : ['self_signed_tls_client_auth']
}
