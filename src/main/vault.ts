/** What lies sealed in the store under a name of this server's own, opened: the keys that outlast a secret, and signing keys that nodes share. */
import { Refusal } from '../base/errors.ts'
import { createNamedSealer, type NamedSealer } from '../crypto/sealing.ts'
import type { Secrets } from '../crypto/secrets.ts'
import type { VaultStore } from '../store/store.ts'

export interface Vault {
  /** @returns false when the name is taken, whose value then stays */
  add(name: string, text: string): Promise<boolean>
  /** @throws Refusal `missing_secret` when it was sealed under a secret that is not given */
  find(name: string): Promise<string | undefined>
  /** By name. The mark is another whenever the entry was written anew. `open` throws as `find` does. */
  list(prefix: string): Promise<{ name: string; mark: string; open(): string }[]>
  /** Compare-and-swap: the entry of that mark is replaced, or where none is given one that is not there made. @returns false when that is not what stands there */
  put(name: string, text: string, mark: string | undefined): Promise<boolean>
  remove(name: string): Promise<boolean>
  /** Seals by the newest secret what is not yet. @returns how many @throws as `find` */
  renew(): Promise<number>
}

export const vaultSealer = (secrets: Secrets): NamedSealer => createNamedSealer(secrets, 'store/vault')

export function createVault(store: VaultStore, secrets: Secrets): Vault {
  const sealer = vaultSealer(secrets)

  function opened<T>(name: string, open: () => T): T {
    try {
      return open()
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      throw cause.status === 503 ? notGiven(cause) : new Refusal('missing_secret', `${name} in the store is damaged.`, { cause })
    }
  }

  return {
    add: (name, text) => store.add({ name, sealed: sealer.seal(text, name) }),
    async find(name) {
      const sealed = await store.find(name)
      return sealed === undefined ? undefined : opened(name, () => sealer.open(sealed, name))
    },
    async list(prefix) {
      const entries = await store.list(prefix)
      return entries.map(({ name, sealed }) => ({
        name,
        mark: sealed,
        open: () => opened(name, () => sealer.open(sealed, name)),
      }))
    },
    put(name, text, mark) {
      const entry = { name, sealed: sealer.seal(text, name) }
      return mark === undefined ? store.add(entry) : store.replace(entry, mark)
    },
    remove: (name) => store.remove(name),
    async renew() {
      let renewed = 0
      for (const { name, sealed } of await store.list('')) {
        const next = isWitness(name) ? undefined : opened(name, () => sealer.renewed(sealed, name))
        if (next !== undefined && (await store.replace({ name, sealed: next }, sealed))) renewed++
      }
      return renewed
    },
  }
}

function notGiven(cause: Refusal): Refusal {
  const sentence = `What this server keeps in its store was sealed under the secret ${cause.detail?.name}, which is not given: add it behind the others (keys/README.md).`
  return new Refusal('missing_secret', sentence, { cause })
}

/** Begins the names of the keys that sign tokens. */
export const signingKeys = 'signing/'
/** And of those that sign API keys. */
export const apiKeySigningKeys = 'signing-api-keys/'

export const isSigningKey = (name: string): boolean => [signingKeys, apiKeySigningKeys].some((prefix) => name.startsWith(prefix))

/** An empty entry by whose name it is known that a secret was once the first. */
const witness = 'secrets/'
const isWitness = (name: string): boolean => name.startsWith(witness)

export async function bearWitness(store: VaultStore, secret: string): Promise<void> {
  if ((await store.find(witness + secret)) === undefined) await store.add({ name: witness + secret, sealed: '' })
}

/** @returns the names of all secrets that were once the first */
export async function witnessed(store: VaultStore): Promise<string[]> {
  return (await store.list(witness)).map(({ name }) => name.slice(witness.length))
}

export async function dismissWitness(store: VaultStore, secret: string): Promise<void> {
  await store.remove(witness + secret)
}
