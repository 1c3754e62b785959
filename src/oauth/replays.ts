/**
 * One answer for a replay, whether it comes later or at the same moment. The library looks a value up, then stores it; of two that both
 * found nothing the store refuses one. That one has to hear what the library tells a latecomer, and only the place that asked knows it:
 * a client assertion is 401 `invalid_client`, a DPoP proof `invalid_dpop_proof` or `invalid_grant`. So the question is answered with no.
 */
import type { Provider } from 'oidc-provider'
import { SeenBefore } from './adapter.ts'

export function refuseReplays({ ReplayDetection }: Pick<Provider, 'ReplayDetection'>): void {
  const unique = ReplayDetection.unique.bind(ReplayDetection)
  ReplayDetection.unique = async (...args) => {
    try {
      return await unique(...args)
    } catch (cause) {
      if (cause instanceof SeenBefore) return false
      throw cause
    }
  }
}
