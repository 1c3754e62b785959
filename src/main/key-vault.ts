/**
 * Signing keys in the store, sealed, where every node of the same store and secrets has them. A key's name says which one it follows, so that of
 * nodes which make the next at the same moment one does and the others find it.
 */
import type { KeyPlace } from '../crypto/key-place.ts'
import { signingKeys, type Vault } from './vault.ts'

export function keysInVault(vault: Vault): KeyPlace {
  return {
    async list() {
      return (await vault.list(signingKeys)).map(({ name, mark, open }) => ({ name, mark, text: open }))
    },
    create: ({ algorithm, after = 'first' }, text) => vault.add(`${signingKeys}${algorithm}/${after}`, text),
    async remove(name) {
      await vault.remove(name)
    },
  }
}
