/**
 * Spares a server that a client names, and this one: strangers cause the same question as often as they like, by a request that names the
 * client. It is asked once for all who wait, and what the client is to blame for is answered from memory for a while.
 */
import { errors } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { isBusy } from '../../outgoing/refusal.ts'
import { unavailable } from '../records/unavailable.ts'

/**
 * @param failureSeconds how long an answer is not asked for again that could not be had, or could not be used
 * @throws by what it returns: what `ask` throws; 503 `temporarily_unavailable` where we were too busy to ask, which is not kept in mind
 */
export function sparing<T>(ask: () => Promise<T>, failureSeconds: number, now: Clock): () => Promise<T> {
  let underWay: Promise<T> | undefined
  let failure: { cause: unknown; until: number } | undefined

  async function attempt(): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (!(cause instanceof errors.InvalidClientMetadata)) throw cause
      if (isBusy(cause.cause)) throw unavailable(cause.cause)
      failure = { cause, until: now() + failureSeconds }
      throw cause
    }
  }

  return async () => {
    if (failure && now() < failure.until) throw failure.cause
    underWay ??= attempt().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
