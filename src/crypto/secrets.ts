/**
 * Every symmetric key that this server has, by what it is for. There may be several master secrets: keys of the first make what is made now,
 * keys of all of them read what was made before. That is how a secret is replaced.
 */
import { deriveKey } from './derive.ts'
import type { MasterSecrets } from './master-secrets.ts'

/** 32 bytes each, newest first. */
export type Keys = readonly [Buffer, ...Buffer[]]

export interface Secrets {
  /** What each secret is called where people and the store can see it, newest first. Nothing leads back from a name to its secret. */
  names: readonly [string, ...string[]]
  /** @param purpose names what the keys are for, e.g. `store/artifacts`; a name is never used for two things */
  keysFor(purpose: string): Keys
}

/** Hexadecimal digits of a secret's name. */
export const nameLength = 12

export function createSecrets(secrets: MasterSecrets): Secrets {
  const each = <T>(make: (secret: string) => T) => secrets.map(make) as unknown as readonly [T, ...T[]]
  return {
    names: each((secret) => deriveKey(secret, 'name').toString('hex').slice(0, nameLength)),
    keysFor: (purpose) => each((secret) => deriveKey(secret, purpose)),
  }
}
