/** What this process takes a client in the store to be, from one second to the next. */
import type { Clock } from '../../base/clock.ts'
import { readRegistration } from '../../settings/client/registration.ts'
import type { ClientRow } from '../../store/store.ts'
import { type ClientMetadata, clientMetadata } from './metadata.ts'

/**
 * A client that was read is taken as it was until the clock's next second: a busy one is then read once a second instead of once a
 * request. What this process changes is seen at once, what another changes a second later at most, but for a new secret, which is good at once
 * (`model.ts`). An id that is not there is never kept.
 */
export function recentlyRead(now: Clock, most = 1_000) {
  const kept = new Map<string, { registration: string; metadata: ClientMetadata; readAt: number }>()
  return {
    get(id: string): ClientMetadata | undefined {
      const known = kept.get(id)
      return known?.readAt === now() ? known.metadata : undefined
    },
    keep(id: string, row: ClientRow | undefined): ClientMetadata | undefined {
      const known = kept.get(id)
      kept.delete(id)
      if (!row) return undefined
      const same = known?.registration === row.registration
      const metadata = same ? known.metadata : clientMetadata(readRegistration(row.registration))
      kept.set(id, { registration: row.registration, metadata, readAt: now() })
      if (kept.size > most) kept.delete(kept.keys().next().value as string)
      return metadata
    },
    forget: (id: string) => kept.delete(id),
  }
}
