/**
 * Every symmetric key that this server has, by what it is for. There may be several master secrets: keys of the first make what is made now,
 * keys of all of them read what was made before. That is how a secret is replaced.
 */
import { deriveKey } from './derive.ts'

/** 32 bytes each, newest first. */
export type Keys = readonly [Buffer, ...Buffer[]]

export interface Secrets {
  /** @param purpose names what the keys are for, e.g. `store/artifacts`; a name is never used for two things */
  keysFor(purpose: string): Keys
}

/** @param masterSecrets newest first */
export function createSecrets(...[newest, ...before]: readonly [string, ...string[]]): Secrets {
  return {
    keysFor: (purpose) => [deriveKey(newest, purpose), ...before.map((secret) => deriveKey(secret, purpose))],
  }
}
