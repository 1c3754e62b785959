/**
 * Signing keys in the store, sealed, where every node of the same store and secrets has them. A key's name says which one it follows, so that of
 * nodes which make the next at the same moment one does and the others find it.
 */
import type { KeyPlace } from '../crypto/key-place.ts'
import type { Vault } from './vault.ts'

/** @param prefix begins the names of this ring's keys, and of no other's */
export function keysInVault(vault: Vault, prefix: string): KeyPlace {
  return {
    async list() {
      return (await vault.list(prefix)).map(({ name, mark, open }) => ({ name, mark, text: open }))
    },
    create: ({ algorithm, after = 'first' }, text) => vault.add(`${prefix}${algorithm}/${after}`, text),
    async remove(name) {
      await vault.remove(name)
    },
  }
}
