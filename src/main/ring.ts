/** The ring of the settings: which algorithms have keys, and how long what they sign lives. */
import type { Clock } from '../base/clock.ts'
import { openKeyFolder } from '../crypto/key-files.ts'
import { type KeyRing, openKeyRing } from '../crypto/keyring.ts'
import { rotationPolicy } from '../crypto/rotation.ts'
import { responseAlgorithms } from '../settings/algorithms.ts'
import type { Settings } from '../settings/load.ts'

/** @throws Refusal as `openKeyRing` */
export function openRing({ apis, keyFolder, keys, lifetimes }: Settings, now: Clock): Promise<KeyRing> {
  const longest = Math.max(lifetimes.idTokenSeconds, ...apis.map((api) => api.accessTokenLifetimeSeconds))
  return openKeyRing(openKeyFolder(keyFolder), {
    // What clients may ask their answers to be signed with; the rest is there because an API names it.
    algorithms: [...new Set([...responseAlgorithms, ...apis.map((api) => api.algorithm)])],
    policy: rotationPolicy(keys.rotateAfterSeconds, longest),
    now,
  })
}
