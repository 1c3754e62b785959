/** What a loss of power must not undo. */
import { closeSync, fsyncSync, openSync } from 'node:fs'

/** When it returns, the disk has what is in the file, or of a folder which names are in it. @throws as `openSync` */
export function syncToDisk(place: string): void {
  const handle = openSync(place, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
