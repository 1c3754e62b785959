/**
 * The secrets that every other symmetric key is derived from: one, or several while one takes the place of another. They stand in
 * `master.secret`, a line each, or in SIGNET_SECRET, separated by blanks; a secret there has none inside. The first writes, all read.
 */
import { randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import { type KeyFiles, secretFile } from './key-files.ts'

/** Newest first. */
export type MasterSecrets = readonly [string, ...string[]]

const leastLength = 32
/** A replacement needs two. A file of many lines is something else, such as a private key in PEM. */
const mostSecrets = 4

/**
 * @param given from the environment, when they are not kept in a file
 * @param mayGenerate development only: production is told its secret, so that a lost folder does not silently start afresh
 * @throws Refusal `missing_secret`, `weak_secret`, `ambiguous_secret`
 */
export function masterSecrets(files: KeyFiles, { given, mayGenerate }: { given?: string; mayGenerate: boolean }): MasterSecrets {
  if (given !== undefined) return sound(given.trim().split(/\s+/), 'SIGNET_SECRET')
  const kept = files.read(secretFile)
  if (kept !== undefined) return sound(linesOf(kept), `${files.folder}/${secretFile}`)
  if (!mayGenerate) {
    const how = `put at least ${leastLength} random characters into ${files.folder}/${secretFile} (mode 600) or SIGNET_SECRET`
    throw new Refusal('missing_secret', `A production issuer needs a master secret: ${how}.`)
  }
  files.create(secretFile, `${randomBytes(32).toString('base64url')}\n`)
  return masterSecrets(files, { mayGenerate: false })
}

/** A line with nothing in it is none; a file with nothing in it holds one that is too short. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim())
  const filled = lines.filter((line) => line !== '')
  return filled.length > 0 ? filled : ['']
}

function sound(secrets: string[], where: string): MasterSecrets {
  const at = secrets.findIndex((secret) => secret.length < leastLength)
  if (at >= 0) {
    const which = secrets.length === 1 ? 'The master secret' : `Of the ${secrets.length} master secrets, number ${at + 1}`
    throw new Refusal('weak_secret', `${which} in ${where} has fewer than ${leastLength} characters.${separated(secrets)}`)
  }
  if (secrets.length > mostSecrets)
    throw new Refusal('ambiguous_secret', `${where} holds ${secrets.length} master secrets, and ${mostSecrets} is the most.`)
  if (new Set(secrets).size < secrets.length)
    throw new Refusal('ambiguous_secret', `${where} holds one master secret twice: remove one of the two.`)
  return secrets as unknown as MasterSecrets
}

const separated = ({ length }: string[]): string =>
  length === 1 ? '' : ' Several stand on a line each in the file, or with blanks between them in the variable.'
