/**
 * Copies of the durable database, made and put back while a server has it open, by SQLite's own online backup.
 *
 * A copy is read under one transaction, so that it is the database of one moment and writers never make it begin again; it becomes a single
 * file, checked before it gets its name. It holds what the database holds: sealed records and keys, accounts and clients in clear, and no secret that opens them.
 */
import path from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { Refusal } from '../../base/errors.ts'
import { openingFault } from './faults.ts'
import { isThere, makeFile, publishFile, removeFile } from './file.ts'

/** @param done pages that are copied, of `all` */
export type Progress = (done: number, all: number) => void

const pagesAtOnce = 1_000

/**
 * Copies a database to a file that is not there yet, mode 0600. What was acknowledged before the call is in it.
 * @returns its size in bytes
 * @throws Refusal `no_database`, `backup_exists`, `backup_failed`, `store_unusable`, `store_damaged`
 */
export async function copyDatabase(file: string, to: string, progress: Progress = () => {}): Promise<number> {
  if (!isThere(file)) throw new Refusal('no_database', `There is no database ${file}.`)
  if (isThere(to)) throw new Refusal('backup_exists', `${to} is there already: a backup replaces nothing.`)
  const draft = `${to}.${process.pid}.draft`
  const failed = (cause: unknown) =>
    cause instanceof Refusal
      ? cause
      : new Refusal('backup_failed', `${to} cannot be written: ${whyNot(to, cause as NodeJS.ErrnoException)}.`, { cause })
  try {
    // Before SQLite makes it, which would leave it readable to others.
    makeFile(draft)
  } catch (cause) {
    throw failed(cause)
  }
  try {
    await copy(file, draft, progress)
    makeSingle(draft)
    return publishFile(draft, to)
  } catch (cause) {
    throw failed(cause)
  } finally {
    removeFile(draft)
  }
}

/**
 * Makes a database what another file holds, in one transaction: whoever has it open reads what was there or what is there now, never both,
 * and a process that is killed leaves what was there.
 * @throws Refusal `restore_failed`
 */
export async function replaceDatabase(file: string, by: string, progress: Progress = () => {}): Promise<void> {
  const source = new DatabaseSync(by, { readOnly: true })
  try {
    await backup(source, file, { rate: pagesAtOnce, progress: said(progress) })
  } catch (cause) {
    throw new Refusal('restore_failed', `${file} cannot be replaced (${(cause as Error).message}); it is as it was.`, { cause })
  } finally {
    source.close()
  }
}

async function copy(file: string, to: string, progress: Progress): Promise<void> {
  const source = opened(file)
  try {
    source.exec('begin')
    // A transaction reads from the moment of its first statement on.
    source.prepare('select count(*) from sqlite_schema').get()
    await backup(source, to, { rate: pagesAtOnce, progress: said(progress) })
  } finally {
    source.close()
  }
}

function opened(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 2_000 })
    database.prepare('select count(*) from sqlite_schema').get()
    return database
  } catch (cause) {
    throw openingFault(file, cause)
  }
}

const whyNot = (to: string, { code, message }: NodeJS.ErrnoException): string =>
  code === 'ENOENT' ? `there is no folder ${path.dirname(to)}` : message

/** Out of the journal mode that wants files beside it, and sound. */
function makeSingle(file: string): void {
  const database = new DatabaseSync(file)
  try {
    database.exec('pragma journal_mode = delete')
    const found = database.prepare('pragma integrity_check(1)').get() as { integrity_check: string }
    if (found.integrity_check !== 'ok') throw new Refusal('store_damaged', `The copy is damaged: ${found.integrity_check}.`)
  } finally {
    database.close()
  }
}

const said = (progress: Progress) => (at: { totalPages: number; remainingPages: number }) =>
  progress(at.totalPages - at.remainingPages, at.totalPages)
