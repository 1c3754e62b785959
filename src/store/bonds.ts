/** Ends what hangs together, in both places where artifacts lie. The durable one first: it holds what could be used again. */
import type { ArtifactBond, Store } from './store.ts'

export async function endBound(
  { artifacts, volatile }: Pick<Store, 'artifacts' | 'volatile'>,
  bond: ArtifactBond,
): Promise<void> {
  await artifacts.removeBound(bond)
  await volatile.removeBound(bond)
}
