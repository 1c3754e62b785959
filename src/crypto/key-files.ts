/** Files under the key folder, and the key of TLS and the password of the mail server wherever they lie. The only code that reads or writes them: mode 0600, in a folder of mode 0700, refused when others may read. */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { syncToDisk } from '../base/disk.ts'
import { Refusal } from '../base/errors.ts'

/** Holds the master secrets. */
export const secretFile = 'master.secret'
/** Begins the names of signing keys, and of copies of such that somebody made. */
const keyPrefix = 'signing-'
export const isKeyFile = (name: string): boolean => name.startsWith(keyPrefix) && name.endsWith('.json')
export const keyFileName = (algorithm: string, createdAt: number, kid: string): string =>
  `${keyPrefix}${algorithm}-${createdAt}-${kid.slice(0, 8)}.json`

export interface KeyFiles {
  folder: string
  names(): string[]
  /** @returns undefined when there is no such file. @throws Refusal `unreadable_key` */
  read(name: string): string | undefined
  /** Never replaces a file: a key that is gone is gone. @returns false when another process made it first. */
  create(name: string, text: string): boolean
  /** Does not mind when it is gone. */
  remove(name: string): void
}

/** @throws Refusal `unreadable_key` when the folder cannot be made or read. */
export function openKeyFolder(folder: string): KeyFiles {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    readdirSync(folder)
  } catch (cause) {
    throw new Refusal('unreadable_key', `The key folder ${folder} cannot be used (${errno(cause)}).`, { cause })
  }
  return filesIn(folder)
}

function filesIn(folder: string): KeyFiles {
  return {
    folder,
    names: () => readdirSync(folder).sort(),
    read: (name) => readPrivate(path.join(folder, name)),
    create: (name, text) => createPrivate(path.join(folder, name), text),
    remove(name) {
      rmSync(path.join(folder, name), { force: true })
      // Nor is one that was revoked to come back.
      syncToDisk(folder)
    },
  }
}

export interface LyingFile {
  file: string
  /** Undefined when it is not there. */
  mode: number | undefined
  owner: number | undefined
}

/** As it lies there: nothing is read, nothing judged. */
export function lookAt(file: string): LyingFile {
  const stats = statSync(file, { throwIfNoEntry: false })
  return { file, mode: stats?.mode, owner: stats?.uid }
}

/**
 * A key folder as it lies there; unlike `openKeyFolder` it makes none.
 * @returns undefined when there is none. @throws Refusal `unreadable_key`
 */
export function lookInto(folder: string): { files: KeyFiles; mode: number; owner: number; lying: LyingFile[] } | undefined {
  const { mode, owner } = lookAt(folder)
  if (mode === undefined || owner === undefined) return undefined
  try {
    const names = readdirSync(folder).filter((name) => name === secretFile || name.startsWith(keyPrefix))
    return { files: filesIn(folder), mode, owner, lying: names.map((name) => lookAt(path.join(folder, name))) }
  } catch (cause) {
    throw new Refusal('unreadable_key', `The key folder ${folder} cannot be used (${errno(cause)}).`, { cause })
  }
}

/** @throws Refusal `unreadable_key` when either cannot be read, or when others can read the key */
export function readTlsFiles(files: { certificate: string; key: string }): { cert: string; key: string } {
  const key = readPrivate(files.key)
  if (key === undefined) throw new Refusal('unreadable_key', `The key file ${files.key} is not there.`)
  try {
    return { cert: readFileSync(files.certificate, 'utf8'), key }
  } catch (cause) {
    throw new Refusal('unreadable_key', `The certificate ${files.certificate} cannot be read (${errno(cause)}).`, { cause })
  }
}

/** The password of another server: the first line of a file that nobody else may read. @throws Refusal `unreadable_key` */
export function readPassword(file: string): string {
  const [password = ''] = readPrivate(file)?.split(/\r?\n/) ?? []
  if (password === '') throw new Refusal('unreadable_key', `The password file ${file} is not there, or is empty.`)
  return password
}

/** Certificates that are trusted. @throws Refusal `unreadable_key` */
export function readTrusted(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Refusal('unreadable_key', `The certificates ${file} cannot be read (${errno(cause)}).`, { cause })
  }
}

function readPrivate(file: string): string | undefined {
  try {
    const { mode } = statSync(file)
    if (mode & 0o077)
      throw new Refusal('unreadable_key', `${file} can be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 it.`)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    if (errno(cause) === 'ENOENT') return undefined
    throw new Refusal('unreadable_key', `The key file ${file} cannot be read (${errno(cause)}).`, { cause })
  }
}

function createPrivate(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}.draft`
  try {
    // Written beside it and linked: whoever starts at the same moment finds the whole file or none.
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, file)
    // A key that signs is not to be gone after a loss of power, with tokens of it about.
    syncToDisk(path.dirname(file))
    return true
  } catch (cause) {
    if (errno(cause) === 'EEXIST') return false
    throw new Refusal('unreadable_key', `The key file ${file} cannot be written (${errno(cause)}).`, { cause })
  } finally {
    rmSync(draft, { force: true })
  }
}

function errno(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause)
}
