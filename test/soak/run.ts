/** `npm run soak [-- name …]`: what is too long for `npm test`, one after the other or those that are named. `SIGNET_SOAK=0.1` makes each a tenth as long. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { scaled } from './scale.ts'

const root = path.resolve(import.meta.dirname, '../..')
const own = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.soak.ts'))
const soaks: Record<string, string> = {
  ...Object.fromEntries(own.map((name) => [name.replace('.soak.ts', ''), `test/soak/${name}`])),
  fuzz: 'test/flows/bad-input.test.ts',
}
const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--extension', 'ts', '--require', 'test/support/setup.ts']
const env = { ...process.env, SIGNET_FUZZ: String(scaled(100_000)) }

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(soaks, name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}: there are ${Object.keys(soaks).join(', ')}.`)
  process.exit(1)
}
for (const [name, spec] of Object.entries(soaks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.error(`--- ${name}`)
  const args = [...mocha, '--node-option', 'disable-warning=ExperimentalWarning', spec]
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
