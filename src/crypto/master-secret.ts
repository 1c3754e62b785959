/** The one secret that every other symmetric key is derived from. */
import { randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import type { KeyFiles } from './key-files.ts'

const fileName = 'master.secret'
const leastLength = 32

/**
 * @param given from the environment, when it is not kept in a file
 * @param mayGenerate development only: production is told its secret, so that a lost folder does not silently start afresh
 * @throws Refusal `missing_secret`, `weak_secret`
 */
export function masterSecret(files: KeyFiles, { given, mayGenerate }: { given?: string; mayGenerate: boolean }): string {
  if (given !== undefined) return strong(given, 'SIGNET_SECRET')
  const kept = files.read(fileName)
  if (kept !== undefined) return strong(kept.trim(), `${files.folder}/${fileName}`)
  if (!mayGenerate) {
    const how = `put at least ${leastLength} random characters into ${files.folder}/${fileName} (mode 600) or SIGNET_SECRET`
    throw new Refusal('missing_secret', `A production issuer needs a master secret: ${how}.`)
  }
  files.create(fileName, `${randomBytes(32).toString('base64url')}\n`)
  return masterSecret(files, { mayGenerate: false })
}

function strong(secret: string, where: string): string {
  if (secret.length >= leastLength) return secret
  throw new Refusal('weak_secret', `The master secret in ${where} has fewer than ${leastLength} characters.`)
}
