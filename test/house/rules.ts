/** The invariants of the house, each as a function from the parsed tree to what breaks it, beside a file that would. */
import type { Module } from './source.ts'

export interface Rule {
  fact: string
  faults(modules: Module[]): string[]
  /** A file that breaks the rule: the checker has to find it. */
  planted: { file: string; text: string }
}

/** Ground first; what shares a line does not import one another. */
export const floors = [
  ['base'],
  ['settings'],
  ['crypto'],
  ['outgoing'],
  ['store'],
  ['audit'],
  ['permissions'],
  ['tokens'],
  ['pages'],
  ['mail'],
  ['accounts'],
  ['oauth'],
  ['web'],
  ['main'],
  ['demo', 'doctor'],
  ['dev', 'cli', 'try'],
]

/** Houses of their own, with what each may take from another house. */
const neighbours: Record<string, string[]> = { 'resource-server': [], 'sample-api': ['resource-server'], 'sample-client': [] }

const roomOf = (file: string): string => file.split('/')[0]!.replace(/\.ts$/, '')
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)))
const inServer = (file: string): boolean => neighbours[roomOf(file)] === undefined

function mayImport(from: string, to: string): boolean {
  if (roomOf(from) === roomOf(to)) return true
  const allowed = neighbours[roomOf(from)]
  if (allowed) return allowed.includes(roomOf(to))
  if (to.startsWith('resource-server/testing')) return roomOf(from) === 'cli'
  return floorOf(to) >= 0 && floorOf(to) < floorOf(from)
}

function cycles(modules: Module[]): string[] {
  const links = new Map(modules.map(({ file, links }) => [file, links]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '))
    if (at >= 0 || done.has(file)) return
    for (const next of links.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const { file } of modules) visit(file, [])
  return found
}

/** A rule about single files: `breaks` says what of a file breaks it. */
const eachFile =
  (breaks: (module: Module) => string[]): Rule['faults'] =>
  (modules) =>
    modules.flatMap((module) => breaks(module).map((what) => `${module.file}: ${what}`))

/** `names` may stand only in files of the server that begin so. */
function knower(fact: string, kind: 'packages' | 'links' | 'strings' | 'process', names: RegExp, only: string[]): Rule {
  const mayKnow = (file: string) => !inServer(file) || only.some((start) => file.startsWith(start))
  const text = {
    packages: `import '${sample(names)}'`,
    links: `import '../${sample(names)}'`,
    strings: `export const name = '${sample(names)}'`,
    process: `export const taken = ${sample(names)}`,
  }[kind]
  return {
    fact,
    faults: eachFile((module) => (mayKnow(module.file) ? [] : module[kind].filter((one) => names.test(one)))),
    planted: { file: `permissions/planted-${fact.replace(/[^a-z]+/gi, '-')}.ts`, text },
  }
}

/** The first alternative of a pattern such as `^(a|b)$`, as text. */
const sample = (names: RegExp): string => names.source.replace(/^\^\(?|\)?\$$|\\/g, '').split('|')[0]!

/** What a house may import besides its own files. */
function pantry(room: string, allowed: RegExp): Rule {
  return {
    fact: `${room} imports nothing but ${allowed.source}`,
    faults: eachFile(({ file, packages }) => (roomOf(file) === room ? packages.filter((name) => !allowed.test(name)) : [])),
    planted: { file: `${room}/planted-package.ts`, text: "export type Yaml = import('yaml').Document" },
  }
}

const clockCalls = new Set(['Date.now', 'Date', 'new Date()', 'performance.now', 'process.hrtime', 'process.hrtime.bigint'])
const ownRequests = /^(fetch|globalThis\.fetch|http\.request|http\.get|https\.request|https\.get)$/
/** Whether a password is somebody's. `accounts/account.ts` has it judged, for whoever knows which network and browser ask. */
const judgments = /(^|\.)(accounts\.authenticate|passwords\.(compare|matches))$/
const worldCalls = /(^|\.)(setTimeout|setInterval|listen|createServer)$/

export const rules: Rule[] = [
  {
    fact: 'each file stands on a floor',
    faults: eachFile(({ file }) => (inServer(file) && floorOf(file) < 0 ? ['is on no floor'] : [])),
    planted: { file: 'helpers/planted.ts', text: 'export {}' },
  },
  {
    fact: 'imports go down the floors, and never into another house',
    faults: eachFile(({ file, links }) => links.filter((link) => !mayImport(file, link))),
    planted: { file: 'crypto/planted-upward.ts', text: "export type { Accounts } from '../accounts/account.ts'" },
  },
  {
    fact: 'the command line alone takes the testing part of the kit',
    faults: eachFile(({ file, links }) =>
      inServer(file) ? links.filter((link) => roomOf(link) === 'resource-server' && !mayImport(file, link)) : [],
    ),
    planted: { file: 'oauth/planted-kit.ts', text: "const kit = await import('../resource-server/testing.ts')" },
  },
  {
    fact: 'no file imports itself by any way round',
    faults: cycles,
    planted: { file: 'web/planted-circle.ts', text: "export type { Circle } from './planted-circle.ts'" },
  },
  {
    fact: 'what is imported can be read off the source',
    faults: eachFile(({ packages }) => packages.filter((name) => name === '(computed)')),
    planted: { file: 'web/planted-computed.ts', text: 'export const load = (name: string) => import(name)' },
  },
  pantry('sample-client', /^(koa|@koa\/router|openid-client|node:.*)$/),
  pantry('sample-api', /^(koa|@koa\/router|node:.*)$/),
  pantry('resource-server', /^(jose|node:.*)$/),
  knower('settings/load.ts alone reads the environment', 'process', /^(process\.env|process)$/, ['settings/load.ts']),
  knower('nothing imports process', 'packages', /^(node:process|process)$/, []),
  knower('outgoing alone asks other servers', 'packages', /^(node:https|node:dns|node:dns\/promises)$/, [
    'outgoing/',
    'main/listener.ts',
  ]),
  knower('settings alone knows the form of the file', 'packages', /^(yaml|zod)$/, ['settings/']),
  knower('files are read where their meaning is known', 'packages', /^(node:fs|node:fs\/promises|fs)$/, [
    // Reads nothing.
    'base/disk.ts',
    'settings/load.ts',
    'settings/explained.ts',
    'crypto/key-files.ts',
    'cli/import.ts',
    'pages/views.ts',
    'store/sqlite/file.ts',
    'store/sqlite/inspect.ts',
  ]),
  knower('main/traces.ts alone names what traces', 'packages', /^(@opentelemetry\/api|@opentelemetry\/.*)$/, ['main/traces.ts']),
  knower('main/metrics.ts alone names what counts', 'packages', /^(prom-client)$/, ['main/metrics.ts']),
  knower('base/log.ts alone names what writes the log', 'packages', /^(pino)$/, ['base/log.ts']),
  knower('mail/smtp.ts alone names what sends mail', 'packages', /^(nodemailer)$/, ['mail/smtp.ts']),
  knower('pages/views.ts alone renders views', 'packages', /^(eta)$/, ['pages/views.ts']),
  knower('crypto alone knows the files under keys', 'links', /^(crypto\/key-files\.ts)$/, [
    'crypto/',
    'main',
    'doctor/',
    'try.ts',
  ]),
  knower('crypto/password-worker.ts alone hashes passwords', 'packages', /^(@node-rs\/argon2)$/, ['crypto/password-worker.ts']),
  knower('crypto/foreign-verification.ts alone hashes as others do', 'packages', /^(bcryptjs)$/, [
    'crypto/foreign-verification.ts',
  ]),
  knower('crypto/password-judge.ts alone has the dictionaries', 'packages', /^(@zxcvbn-ts\/core|@zxcvbn-ts\/.*)$/, [
    'crypto/password-judge.ts',
  ]),
  knower('what seals is known by name', 'links', /^(crypto\/sealing\.ts)$/, [
    'oauth/records/rows.ts',
    'oauth/records/sealed-cookies.ts',
    'doctor/sealed.ts',
    'mail/owed.ts',
    'oauth/records/sealed-codes.ts',
    'main/',
    'oauth/tokens/encrypted-tokens.ts',
  ]),
  knower('the SQLite engine alone names its driver', 'packages', /^(node:sqlite)$/, ['store/sqlite/']),
  knower('the Redis engine alone names its driver', 'packages', /^(ioredis)$/, ['store/redis', 'store/open.ts']),
  knower('the store alone speaks SQL', 'packages', /^(kysely)$/, ['store/']),
  knower('oauth and web alone know the protocol library', 'packages', /^(oidc-provider)$/, ['oauth/', 'web/']),
  knower('web/csrf.ts alone judges where a form came from', 'strings', /^(sec-fetch-site)$/, ['web/csrf.ts']),
  {
    fact: 'base/clock.ts alone asks what time it is',
    faults: eachFile(({ file, calls }) =>
      inServer(file) && file !== 'base/clock.ts' ? calls.filter((call) => clockCalls.has(call)) : [],
    ),
    planted: { file: 'web/planted-clock.ts', text: 'export const today = new Date()' },
  },
  {
    fact: 'nothing below main opens a port or starts a timer',
    faults: eachFile(({ file, calls }) =>
      inServer(file) && floorOf(file) < floorOf('main.ts') ? calls.filter((call) => worldCalls.test(call)) : [],
    ),
    planted: { file: 'web/planted-timer.ts', text: 'setInterval(() => {}, 1)' },
  },
  {
    fact: 'nothing of the server asks another past the guard',
    faults: eachFile(({ file, calls }) =>
      inServer(file) && floorOf(file) < floorOf('main.ts') && roomOf(file) !== 'outgoing'
        ? calls.filter((call) => ownRequests.test(call))
        : [],
    ),
    planted: { file: 'oauth/planted-fetch.ts', text: "export const keys = () => fetch('https://rp.example.com/jwks')" },
  },
  {
    fact: 'who judges a password counts the attempt, in the counters that all ways share',
    faults: eachFile(({ file, calls }) =>
      inServer(file) && file !== 'accounts/account.ts' && !calls.some((call) => call.endsWith('attempts.counted'))
        ? calls.filter((call) => judgments.test(call))
        : [],
    ),
    planted: { file: 'web/planted-judge.ts', text: "export const isHers = () => accounts.authenticate('ada@example.com', 'x')" },
  },
  {
    fact: 'nothing is put off or silenced',
    faults: eachFile(({ text }) => text.match(/\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck|expect-error)|biome-ignore/g) ?? []),
    planted: { file: 'web/planted-note.ts', text: '// @ts-ignore\nexport {}' },
  },
  {
    fact: 'a file has at most 220 lines',
    faults: eachFile(({ text }) => {
      const lines = text.split('\n').length - 1
      return lines > 220 ? [`${lines} lines`] : []
    }),
    planted: { file: 'web/planted-long.ts', text: `export {}\n${'\n'.repeat(220)}` },
  },
]
