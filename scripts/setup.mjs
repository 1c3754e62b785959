/**
 * Set-up for `npm start` and `npm test`, run by whatever Node the machine has (18 and later), so plain JavaScript without dependencies.
 * Installs the locked packages when they are not there; among them is the Node that runs the rest. With --for-tests, on Debian as root,
 * also the programs that the tests drive.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const lockFile = 'package-lock.json'
const installedLockFile = 'node_modules/.package-lock.json'

if (!isInstalled()) {
  console.error('signet: installing packages (once) …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
checkRuntime()
if (process.argv.includes('--for-tests')) installTestPrograms()

/** npm keeps a copy of the lock beside what it installed; platform packages of other machines are not in it. */
function isInstalled() {
  if (!existsSync(installedLockFile)) return false
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages
  const present = JSON.parse(readFileSync(installedLockFile, 'utf8')).packages
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional || present[name]?.version === version,
  )
}

/** npm scripts find the installed packages' `node` first, so this is the one that runs the rest. */
function checkRuntime() {
  const version = String(spawnSync('node', ['--version']).stdout).trim()
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 7)) return
  console.error(
    `signet: needs Node 24.7 or later, and no package brings one for ${process.platform} ${process.arch}; this is ${version}.`,
  )
  process.exit(1)
}

function installTestPrograms() {
  const programs = {
    'redis-server': '/usr/bin/redis-server',
    chromium: '/usr/bin/chromium',
    zsh: '/usr/bin/zsh',
    'nginx-light': '/usr/sbin/nginx',
    strace: '/usr/bin/strace',
    // Without the package apache2, which starts one.
    'apache2-bin': '/usr/sbin/apache2',
    'libapache2-mod-auth-openidc': '/usr/lib/apache2/modules/mod_auth_openidc.so',
    'libapache2-mod-oauth2': '/usr/lib/apache2/modules/mod_oauth2.so',
    'python3-django': '/usr/lib/python3/dist-packages/django/__init__.py',
    'python3-jwt': '/usr/lib/python3/dist-packages/jwt/__init__.py',
    'python3-authlib': '/usr/lib/python3/dist-packages/authlib/__init__.py',
    'python3-cryptography': '/usr/lib/python3/dist-packages/cryptography/__init__.py',
  }
  const missing = Object.entries(programs).filter(([, file]) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(([name]) => name)
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`signet: ${names.join(' and ')} not found; the suites that need them will be skipped by name.`)
    return
  }
  console.error(`signet: installing ${names.join(' and ')} for the tests …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], env)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], env)
}

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  if (status === 0) return
  console.error(`signet: ${command} ${args[0]} failed${error ? ` (${error.message})` : ''}.`)
  process.exit(1)
}
