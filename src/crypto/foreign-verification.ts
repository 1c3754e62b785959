/** Whether a password is that of another system's hash. Synchronous, and loaded by the password worker alone, when somebody has such a hash. */
import { createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import { compareSync } from 'bcryptjs'
import { type ForeignHash, readForeignHash } from './foreign-hashes.ts'

/** @throws Refusal as `readForeignHash` */
export function matchesForeign(password: string, text: string): boolean {
  const hash = readForeignHash(text)
  if (hash.kind !== 'bcrypt') return timingSafeEqual(keyOf(password, hash), hash.key)
  const given = hash.first === undefined ? password : createHash(hash.first).update(password).digest('hex')
  return compareSync(given, hash.hash)
}

function keyOf(password: string, hash: Exclude<ForeignHash, { kind: 'bcrypt' }>): Buffer {
  const { salt, key } = hash
  if (hash.kind === 'pbkdf2') return pbkdf2Sync(password, salt, hash.iterations, key.length, hash.digest)
  const { cost, blockSize, parallelization } = hash
  // Node's own bound is 32 MiB; what is more than ours was refused when the hash was taken.
  return scryptSync(password, salt, key.length, { cost, blockSize, parallelization, maxmem: 256 * 1_024 * 1_024 })
}
