/**
 * The rings of the settings: where their keys lie, which algorithms have some, and how long what they sign lives. One signs tokens. Another signs
 * API keys and nothing else, and lies apart: a key of it stays published for a year after it signed last, and one that is stolen makes no token.
 */
import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { openKeyFolder } from '../crypto/key-files.ts'
import { type KeyPlace, keysInFolder } from '../crypto/key-place.ts'
import { type KeyRing, openKeyRing, type RingOptions } from '../crypto/keyring.ts'
import { rotationPolicy } from '../crypto/rotation.ts'
import { readKey } from '../crypto/signing-key.ts'
import { responseAlgorithms } from '../settings/algorithms.ts'
import type { Settings } from '../settings/load.ts'
import { apiKeyAlgorithm, apiKeyType, longestKeySeconds } from '../tokens/api-key.ts'
import { keysInVault } from './key-vault.ts'
import { apiKeySigningKeys, signingKeys, type Vault } from './vault.ts'

/** What the keys of a ring sign. */
export type RingOf = 'tokens' | 'api-keys'

interface Place {
  folder(settings: Settings): string
  /** Begins the names in the store. */
  prefix: string
  options(settings: Settings, now: Clock): RingOptions
}

const places: Record<RingOf, Place> = {
  tokens: { folder: ({ keyFolder }) => keyFolder, prefix: signingKeys, options: ringOptions },
  'api-keys': {
    folder: ({ keyFolder }) => path.join(keyFolder, 'api-keys'),
    prefix: apiKeySigningKeys,
    options: apiKeyRingOptions,
  },
}

/**
 * @param vault needed only where `keys.in` is `store`
 * @throws Refusal as `openKeyRing`, `missing_secret`, and `keys_elsewhere` when there are keys, but not where the settings say
 */
export async function openRing(
  settings: Settings,
  vault: Vault | undefined,
  now: Clock,
  of: RingOf = 'tokens',
): Promise<KeyRing> {
  return openKeyRing(await placeOf(settings, vault, of), places[of].options(settings, now))
}

/** Where none does, there is no ring for API keys either: no key is made, and none published. */
export const takesApiKeys = ({ apis }: Pick<Settings, 'apis'>): boolean => apis.some(({ apiKeys }) => apiKeys)

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

/** Whatever the settings make of `apiKeys.longestDays` by now: a key may be from before. */
export function apiKeyRingOptions({ keys }: Settings, now: Clock): RingOptions {
  return {
    algorithms: [apiKeyAlgorithm],
    policy: rotationPolicy(keys.rotateAfterSeconds, longestKeySeconds),
    signs: [apiKeyType],
    now,
  }
}

const folderOf = (settings: Settings, of: RingOf): KeyPlace => keysInFolder(openKeyFolder(places[of].folder(settings)))

async function placeOf(settings: Settings, vault: Vault | undefined, of: RingOf): Promise<KeyPlace> {
  const folder = folderOf(settings, of)
  if (settings.keys.in === 'folder') return folder
  if (!vault) throw new TypeError('keys in the store without a store')
  const store = keysInVault(vault, places[of].prefix)
  // New keys beside those would make every living token one of an unknown key.
  if ((await store.list()).length === 0 && (await folder.list()).length > 0)
    throw new Refusal(
      'keys_elsewhere',
      `keys.in is store, where there is no signing key yet, and ${places[of].folder(settings)} has some: \`signet keys import\` takes them over, or move them away to begin anew.`,
    )
  return store
}

/**
 * Takes the signing keys of the folder over into the store; the files stay.
 * @returns their kids, the oldest first
 * @throws Refusal `no_keys`, `already_imported`, and as `readKey`
 */
export async function importKeys(settings: Settings, vault: Vault, of: RingOf = 'tokens'): Promise<string[]> {
  const store = keysInVault(vault, places[of].prefix)
  const files = await folderOf(settings, of).list()
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
