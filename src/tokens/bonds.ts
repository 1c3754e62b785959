/** Ends what hangs together, wherever it lies, and what was issued from it and lies nowhere. */
import type { ArtifactBond, Store } from '../store/store.ts'
import { deadSubject, sayDead } from './revocation.ts'

/**
 * The sentences first: when rows are gone nobody knows any more which grants there were. Then the durable rows, which hold what could be used
 * again. Does NOT know what is in flight meanwhile: whoever ends an account or a client says so of that as well.
 * @param at seconds since the epoch
 * @returns how many grants ended by it that had not before; rows say nothing of that, since the library removes some of them at the same moment
 */
export async function endBound(
  { artifacts, volatile, revocations }: Pick<Store, 'artifacts' | 'volatile' | 'revocations'>,
  bond: ArtifactBond,
  at: number,
): Promise<number> {
  const grants = 'grant' in bond ? [bond.grant] : await artifacts.grantsOf(bond)
  const ended = await sayDead(
    revocations,
    grants.map((value) => ({ kind: 'grant', value })),
    at,
  )
  await artifacts.removeBound(bond)
  await volatile.removeBound(bond)
  return ended
}

/** Ends an account's access, with what is in flight. */
export async function endSubject(store: Parameters<typeof endBound>[0], account: string, at: number): Promise<void> {
  await sayDead(store.revocations, [deadSubject(account, at)], at)
  await endBound(store, { account }, at)
}
