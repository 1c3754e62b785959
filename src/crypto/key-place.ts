/** Where signing keys lie, as texts under names: the key folder of one machine, or a store that nodes share. */
import { isKeyFile, type KeyFiles, keyFileName } from './key-files.ts'

export interface KeyPlace {
  list(): Promise<KeptKey[]>
  /**
   * Never replaces a key: one that is gone is gone.
   * @returns false when it was not kept, because somebody else was quicker to make the one that follows `after`
   */
  create(key: NewKey, text: string): Promise<boolean>
  /** Does not mind when it is gone. */
  remove(name: string): Promise<void>
}

export interface KeptKey {
  name: string
  /** Another whenever what lies there was written anew. */
  mark: string
  /** @returns undefined when it is gone meanwhile. @throws Refusal `unreadable_key`, `missing_secret` */
  text(): string | undefined
}

export interface NewKey {
  algorithm: string
  kid: string
  /** Seconds since the epoch. */
  createdAt: number
  /** The newest before it, by its kid; undefined for the first of its algorithm. */
  after: string | undefined
}

/** Of two processes that are first at the same moment both keep theirs: both are published, and the older signs. */
export function keysInFolder(files: KeyFiles): KeyPlace {
  return {
    async list() {
      const names = files.names().filter(isKeyFile)
      return names.map((name) => ({ name, mark: name, text: () => files.read(name) }))
    },
    create: async ({ algorithm, createdAt, kid }, text) => files.create(keyFileName(algorithm, createdAt, kid), text),
    remove: async (name) => files.remove(name),
  }
}
