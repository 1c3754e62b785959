/** Ends what hangs together, in both places where artifacts lie. The durable one first: it holds what could be used again. */
import type { ArtifactBond, Store } from './store.ts'

/** @returns how many there were */
export async function endBound(
  { artifacts, volatile }: Pick<Store, 'artifacts' | 'volatile'>,
  bond: ArtifactBond,
): Promise<number> {
  const removed = await artifacts.removeBound(bond)
  return removed + (await volatile.removeBound(bond))
}
