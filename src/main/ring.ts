/** The ring of the settings: where its keys lie, which algorithms have some, and how long what they sign lives. */

import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { openKeyFolder } from '../crypto/key-files.ts'
import { type KeyPlace, keysInFolder } from '../crypto/key-place.ts'
import { type KeyRing, openKeyRing, type RingOptions } from '../crypto/keyring.ts'
import { rotationPolicy } from '../crypto/rotation.ts'
import { readKey } from '../crypto/signing-key.ts'
import { responseAlgorithms } from '../settings/algorithms.ts'
import type { Settings } from '../settings/load.ts'
import { keysInVault } from './key-vault.ts'
import type { Vault } from './vault.ts'

/**
 * @param vault needed only where `keys.in` is `store`
 * @throws Refusal as `openKeyRing`, `missing_secret`, and `keys_elsewhere` when there are keys, but not where the settings say
 */
export async function openRing(settings: Settings, vault: Vault | undefined, now: Clock): Promise<KeyRing> {
  return openKeyRing(await placeOf(settings, vault), ringOptions(settings, now))
}

/** Wherever the keys are. */
export function ringOptions({ apis, keys, lifetimes }: Settings, now: Clock): RingOptions {
  const longest = Math.max(lifetimes.idTokenSeconds, ...apis.map((api) => api.accessTokenLifetimeSeconds))
  return {
    // What clients may ask their answers to be signed with; the rest is there because an API names it.
    algorithms: [...new Set([...responseAlgorithms, ...apis.map((api) => api.algorithm)])],
    policy: rotationPolicy(keys.rotateAfterSeconds, longest),
    now,
  }
}

const folderOf = ({ keyFolder }: Settings): KeyPlace => keysInFolder(openKeyFolder(keyFolder))

async function placeOf(settings: Settings, vault: Vault | undefined): Promise<KeyPlace> {
  const folder = folderOf(settings)
  if (settings.keys.in === 'folder') return folder
  if (!vault) throw new TypeError('keys in the store without a store')
  const store = keysInVault(vault)
  // New keys beside those would make every living token one of an unknown key.
  if ((await store.list()).length === 0 && (await folder.list()).length > 0)
    throw new Refusal(
      'keys_elsewhere',
      `keys.in is store, where there is no signing key yet, and ${settings.keyFolder} has some: \`signet keys import\` takes them over, or move them away to begin anew.`,
    )
  return store
}

/**
 * Takes the signing keys of the folder over into the store; the files stay.
 * @returns their kids, the oldest first
 * @throws Refusal `no_keys`, `already_imported`, and as `readKey`
 */
export async function importKeys(settings: Settings, vault: Vault): Promise<string[]> {
  const store = keysInVault(vault)
  const files = await folderOf(settings).list()
  if (files.length === 0) throw new Refusal('no_keys', `There is no signing key in ${settings.keyFolder}.`)
  if ((await store.list()).length > 0)
    throw new Refusal('already_imported', 'The store has signing keys already: those in the folder are left alone.')
  const read = await Promise.all(
    files.map(async ({ name, text }) => ({ text: text() ?? '', key: await readKey(name, text() ?? '') })),
  )
  const last = new Map<string, string>()
  const oldestFirst = read.toSorted((a, b) => a.key.createdAt - b.key.createdAt)
  for (const { key, text } of oldestFirst) {
    await store.create({ ...key, after: last.get(key.algorithm) }, text)
    last.set(key.algorithm, key.kid)
  }
  return oldestFirst.map(({ key }) => key.kid)
}
