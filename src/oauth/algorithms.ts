/**
 * Which algorithms are taken from clients, and which answers are made with: no HMAC (secrets are kept as digests), no `none`, nothing that
 * RFC 8725 s3.2 and RFC 7518 call weak. What FAPI 2.0 forbids besides is judged per client (`policy/client-jwts.ts`).
 */
import type { Configuration } from 'oidc-provider'
import { encryptionAlgorithms, encryptionEncodings, responseAlgorithms } from '../settings/algorithms.ts'

/** FAPI 2.0 Security Profile s5.4.1, and EdDSA by its two names (RFC 9864). */
export const strongAlgorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const

export function enabledAlgorithms(): Configuration['enabledJWA'] {
  const fromClients = () => [...strongAlgorithms, 'RS256' as const]
  const answers = () => [...responseAlgorithms]
  const encryption = () => [...encryptionAlgorithms]
  const encodings = () => [...encryptionEncodings]
  // The library takes from these lists what does not fit: each needs one of its own.
  return {
    clientAuthSigningAlgValues: fromClients(),
    requestObjectSigningAlgValues: fromClients(),
    dPoPSigningAlgValues: [...strongAlgorithms],
    idTokenSigningAlgValues: answers(),
    userinfoSigningAlgValues: answers(),
    introspectionSigningAlgValues: answers(),
    authorizationSigningAlgValues: answers(),
    idTokenEncryptionAlgValues: encryption(),
    idTokenEncryptionEncValues: encodings(),
    userinfoEncryptionAlgValues: encryption(),
    userinfoEncryptionEncValues: encodings(),
    introspectionEncryptionAlgValues: encryption(),
    introspectionEncryptionEncValues: encodings(),
    authorizationEncryptionAlgValues: encryption(),
    authorizationEncryptionEncValues: encodings(),
    // Requests that only this server could read: what they would hide travels by PAR.
    requestObjectEncryptionAlgValues: [],
    requestObjectEncryptionEncValues: [],
  }
}
