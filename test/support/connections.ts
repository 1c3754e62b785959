/** The SQLite connections that are opened while something runs: what a test does to one of them, only a fault of the disk could do otherwise. */
import { DatabaseSync } from 'node:sqlite'

export async function connectionsOf<Opened>(open: () => Promise<Opened>): Promise<[Opened, DatabaseSync[]]> {
  const seen = new Set<DatabaseSync>()
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (text) {
    seen.add(this)
    return exec.call(this, text)
  }
  try {
    return [await open(), [...seen]]
  } finally {
    DatabaseSync.prototype.exec = exec
  }
}
