/** Loaded before a server: its SQLite leaves it to the system when the disk has what is committed. `kill -9` does not notice; a loss of power would. */
import { DatabaseSync } from 'node:sqlite'

const { exec } = DatabaseSync.prototype

/** @param {string} text */
DatabaseSync.prototype.exec = function (text) {
  return exec.call(this, /^pragma synchronous\b/.test(text) ? 'pragma synchronous = OFF' : text)
}
