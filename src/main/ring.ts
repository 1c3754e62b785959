/**
 * The rings of the settings: where their keys lie, which algorithms have some, and how long what they sign lives. One signs tokens. Another signs
 * API keys and nothing else, and lies apart: a key of it stays published for a year after it signed last, and one that is stolen makes no token.
 */
import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { lookInto, openKeyFolder } from '../crypto/key-files.ts'
import { type KeptKey, type KeyPlace, keysInFolder } from '../crypto/key-place.ts'
import { type KeyRing, openKeyRing, type RingOptions } from '../crypto/keyring.ts'
import { rotationPolicy } from '../crypto/rotation.ts'
import { readKey } from '../crypto/signing-key.ts'
import { takesApiKeys } from '../permissions/apis.ts'
import { responseAlgorithms } from '../settings/algorithms.ts'
import type { Settings } from '../settings/load.ts'
import { apiKeyAlgorithm, apiKeyType } from '../tokens/api-key.ts'
import { longestLifeSeconds } from '../tokens/revocation.ts'
import { keysInVault } from './key-vault.ts'
import { apiKeySigningKeys, signingKeys, type Vault } from './vault.ts'

/** What the keys of a ring sign. */
export const rings = ['tokens', 'api-keys'] as const
export type RingOf = (typeof rings)[number]

/** Where no API takes API keys there is no ring for them either: no key is made, and none published. */
export const ringsOf = (settings: Pick<Settings, 'apis'>): readonly RingOf[] => (takesApiKeys(settings) ? rings : ['tokens'])

/** That of API keys within the other. */
export const ringFolder = ({ keyFolder }: Pick<Settings, 'keyFolder'>, of: RingOf): string =>
  of === 'tokens' ? keyFolder : path.join(keyFolder, of)

/** Begin the names in the store. */
const prefixes: Record<RingOf, string> = { tokens: signingKeys, 'api-keys': apiKeySigningKeys }

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
  return openKeyRing(await placeOf(settings, vault, of), ringOptions(settings, now, of))
}

/** Wherever the keys are. */
export function ringOptions({ apis, keys, lifetimes }: Settings, now: Clock, of: RingOf = 'tokens'): RingOptions {
  // Whatever the settings make of `apiKeys.longestDays` by now: an API key may be from before.
  if (of === 'api-keys')
    return {
      algorithms: [apiKeyAlgorithm],
      policy: rotationPolicy(keys.rotateAfterSeconds, longestLifeSeconds),
      signs: [apiKeyType],
      now,
    }
  const longest = Math.max(lifetimes.idTokenSeconds, ...apis.map((api) => api.accessTokenLifetimeSeconds))
  return {
    // What clients may ask their answers to be signed with; the rest is there because an API names it.
    algorithms: [...new Set([...responseAlgorithms, ...apis.map((api) => api.algorithm)])],
    policy: rotationPolicy(keys.rotateAfterSeconds, longest),
    now,
  }
}

async function placeOf(settings: Settings, vault: Vault | undefined, of: RingOf): Promise<KeyPlace> {
  const folder = ringFolder(settings, of)
  if (settings.keys.in === 'folder') return keysInFolder(openKeyFolder(folder))
  if (!vault) throw new TypeError('keys in the store without a store')
  const store = keysInVault(vault, prefixes[of])
  // New keys beside those would make every living token one of an unknown key.
  if ((await store.list()).length === 0 && (await lyingIn(folder)).length > 0)
    throw new Refusal(
      'keys_elsewhere',
      `keys.in is store, where there is no signing key yet, and ${folder} has some: \`signet keys import\` takes them over, or move them away to begin anew.`,
    )
  return store
}

/** The folder may be one that nobody can write, and is not made. */
async function lyingIn(folder: string): Promise<KeptKey[]> {
  const found = lookInto(folder)
  return found ? keysInFolder(found.files).list() : []
}

/**
 * Takes the signing keys of the folder over into the store, each ring's where the store has none of it; the files stay.
 * @returns their kids, those of a ring together, the oldest first
 * @throws Refusal `no_keys`, `already_imported`, and as `readKey`
 */
export async function importKeys(settings: Settings, vault: Vault): Promise<string[]> {
  const imported: string[] = []
  let isThere = false
  for (const of of ringsOf(settings)) {
    const store = keysInVault(vault, prefixes[of])
    const files = await lyingIn(ringFolder(settings, of))
    const isTaken = (await store.list()).length > 0
    isThere ||= files.length > 0
    if (!isTaken) imported.push(...(await takenOver(files, store)))
  }
  if (!isThere) throw new Refusal('no_keys', `There is no signing key in ${settings.keyFolder}.`)
  if (imported.length === 0)
    throw new Refusal('already_imported', 'The store has signing keys already: those in the folder are left alone.')
  return imported
}

async function takenOver(files: KeptKey[], store: KeyPlace): Promise<string[]> {
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
