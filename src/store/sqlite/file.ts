/** Opens a SQLite file for one owner: the folder 0700, the file 0600 (SQLite gives its `-wal` and `-shm` the same). */
import { closeSync, existsSync, linkSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { syncToDisk } from '../../base/disk.ts'

export const IN_MEMORY = ':memory:'

export interface FileOptions {
  file: string
  synchronous: 'FULL' | 'NORMAL'
  /** How long to wait for another process's lock. The event loop stands still meanwhile. */
  busyTimeoutMilliseconds: number
}

export function openFile({ file, synchronous, busyTimeoutMilliseconds }: FileOptions): DatabaseSync {
  if (file !== IN_MEMORY) {
    // A folder that is there already stays as its owner made it.
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // Made before SQLite makes it: SQLite would leave it readable to others. One that is there is not touched: whoever closes a file loses each lock that
    // this process has on it (POSIX), those of another connection too, whose log another process may then take away.
    makeIfMissing(file)
  }
  const database = new DatabaseSync(file, { timeout: busyTimeoutMilliseconds })
  try {
    database.exec('pragma journal_mode = wal')
    database.exec(`pragma synchronous = ${synchronous}`)
    // Checkpoints are what stalls a commit; fewer and larger ones halve the slowest hundredth. The log may grow to 80 MB between them.
    database.exec('pragma wal_autocheckpoint = 20000')
    database.exec('pragma journal_size_limit = 100000000')
    // Room for the upper pages of every index of a million grants, taken as it is used. SQLite's own 2 MB hold those of a thousand.
    database.exec('pragma cache_size = -32000')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** @returns how many bytes the disk of a file has left for this process; none is short of it in memory */
export async function roomFor(file: string): Promise<number> {
  if (file === IN_MEMORY) return Number.POSITIVE_INFINITY
  const { bavail, bsize } = await statfs(dirname(file))
  return bavail * bsize
}

/** Makes an empty file that nobody else can read. @throws when it is there, or cannot be made */
export function makeFile(file: string): void {
  closeSync(openSync(file, 'wx', 0o600))
}

function makeIfMissing(file: string): void {
  try {
    makeFile(file)
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

export const isThere: (file: string) => boolean = existsSync

/** Gives a finished file its name, for good. @returns its size in bytes @throws when the name is taken */
export function publishFile(draft: string, name: string): number {
  syncToDisk(draft)
  linkSync(draft, name)
  syncToDisk(dirname(name))
  return statSync(name).size
}

export function removeFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
}
