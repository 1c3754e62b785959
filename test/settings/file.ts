/** A settings file of the test's own, and what is said of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { Environment } from '../../src/settings/environment.ts'
import { InvalidSettings } from '../../src/settings/invalid.ts'
import { loadSettings, type Settings } from '../../src/settings/load.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'signet-settings-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

/** @param settings YAML, or a value; JSON is YAML too */
export function settingsFile(settings: unknown): string {
  const file = path.join(folder, 'signet.yaml')
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings))
  return file
}

export function load(settings: unknown, env: Environment = {}): Settings {
  return loadSettings({ SIGNET_CONFIG: settingsFile(settings), ...env })
}

export function refusalOfLoading(settings: unknown, env: Environment = {}): InvalidSettings {
  let thrown: unknown
  try {
    load(settings, env)
  } catch (cause) {
    thrown = cause
  }
  expect(thrown).to.be.instanceOf(InvalidSettings).with.property('code', 'invalid_settings')
  return thrown as InvalidSettings
}

/** The path of each fault that is reported, in order. */
export function faultPaths(settings: unknown, env: Environment = {}): string[] {
  const { faults } = refusalOfLoading(settings, env)
  // Whatever is wrong, whoever reads it is told what to do.
  for (const { mend } of faults) expect(mend).to.match(/^[A-Z].*\w.*\.$/)
  return faults.map(({ path }) => path.join('.') || '(top)')
}
