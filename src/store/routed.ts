/** Two artifact stores as one: some models here, all others there. */
import type { ArtifactStore } from './store.ts'

export function routedArtifacts(models: ReadonlySet<string>, theirs: ArtifactStore, others: ArtifactStore): ArtifactStore {
  const storeOf = (model: string) => (models.has(model) ? theirs : others)
  return {
    put: (artifact) => storeOf(artifact.model).put(artifact),
    insert: (artifact) => storeOf(artifact.model).insert(artifact),
    replace: (artifact, expectedVersion) => storeOf(artifact.model).replace(artifact, expectedVersion),
    find: (model, id) => storeOf(model).find(model, id),
    findByUid: (model, uid) => storeOf(model).findByUid(model, uid),
    findByUserCode: (model, userCode) => storeOf(model).findByUserCode(model, userCode),
    consume: (model, id) => storeOf(model).consume(model, id),
    remove: (model, id) => storeOf(model).remove(model, id),
    async *pages(size) {
      yield* theirs.pages(size)
      yield* others.pages(size)
    },
    reseal: (read, payload) => storeOf(read.model).reseal(read, payload),
    async grantsOf(bond) {
      const grants = await Promise.all([theirs.grantsOf(bond), others.grantsOf(bond)])
      return [...new Set(grants.flat())]
    },
    async removeBound(bond) {
      // Both are asked even if one refuses: ending less than could be ended would be the worse outcome.
      const outcomes = await Promise.allSettled([theirs.removeBound(bond), others.removeBound(bond)])
      let removed = 0
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') throw outcome.reason
        removed += outcome.value
      }
      return removed
    },
  }
}
