/**
 * One answer for a replay, whether it comes later or at the same moment. The library looks a value up, then stores it; of two that both
 * found nothing the store refuses one. That one has to hear what the library tells a latecomer, and only the place that asked knows it:
 * a client assertion is 401 `invalid_client`, a DPoP proof `invalid_dpop_proof` or `invalid_grant`. So the question is answered with no.
 */
import type { Provider } from 'oidc-provider'
import { SeenBefore } from './adapter.ts'

/**
 * The library remembers a DPoP proof for 300 seconds from when it came, and takes one that was made up to 300 seconds in the future: it would
 * be good again once it is forgotten.
 */
const aheadSeconds = 300

export function refuseReplays({ ReplayDetection }: Pick<Provider, 'ReplayDetection'>): void {
  const unique = ReplayDetection.unique.bind(ReplayDetection)
  ReplayDetection.unique = async (issuer, jti, expiresAt) => {
    try {
      return await unique(issuer, jti, expiresAt + aheadSeconds)
    } catch (cause) {
      if (cause instanceof SeenBefore) return false
      throw cause
    }
  }
}
