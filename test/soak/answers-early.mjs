/**
 * Loaded before a server: its SQLite says that a transaction is committed, and commits it a fifth of a second later. Whoever asks meanwhile
 * finds everything in order; whoever kills it loses what was answered for. A harness that looks for lost writes has to find these.
 */
import { DatabaseSync } from 'node:sqlite'

const lateMilliseconds = 200
const { prepare } = DatabaseSync.prototype
const nothing = { changes: 0, lastInsertRowid: 0 }

/** @param {string} text */
DatabaseSync.prototype.prepare = function (text) {
  const statement = prepare.call(this, text)
  const run = statement.run.bind(statement)
  if (text === 'begin immediate') statement.run = () => (this.isTransaction ? nothing : run())
  if (text === 'commit') {
    statement.run = () => {
      if (!late.has(this)) late.set(this, setTimeout(() => commit(this, run), lateMilliseconds).unref())
      return nothing
    }
  }
  return statement
}

/** @type {Map<DatabaseSync, NodeJS.Timeout>} */
const late = new Map()

function commit(database, run) {
  late.delete(database)
  if (database.isOpen && database.isTransaction) run()
}
