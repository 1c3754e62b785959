/** Whether this server can do its work now, for whoever sends it requests. Asked by strangers too, so the answer is kept for a second. */
import type { Clock } from '../base/clock.ts'
import type { Store } from '../store/store.ts'

export interface Readiness {
  /** @returns what is missing, by name; empty when nothing is. The store is asked by a commit as any other, which needs room on its disk. */
  missing(): Promise<string[]>
  /** From now on it is not ready, whatever the rest says: requests are to go elsewhere. */
  stop(): void
}

export function createReadiness({ store, now }: { store: Pick<Store, 'check'>; now: Clock }): Readiness {
  let stopping = false
  let known: { at: number; missing: Promise<string[]> } | undefined

  async function ask(): Promise<string[]> {
    const missing: string[] = []
    await store.check().catch(() => missing.push('store'))
    return missing
  }

  return {
    async missing() {
      if (stopping) return ['stopping']
      const at = now()
      if (known?.at !== at) known = { at, missing: ask() }
      return known.missing
    },
    stop() {
      stopping = true
    },
  }
}
