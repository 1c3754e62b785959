/** A whole server in this process, on a free port, with a store and keys of its own, for tests over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Later } from '../../src/base/clock.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { type RunningServer, startServer } from '../../src/main.ts'
import type { Settings } from '../../src/settings/load.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { freePort } from './ports.ts'

export const api = 'https://notes.example.com'
export const otherApi = 'https://mail.example.com'

/** Every visitor is a new browser, so no letter tells of one unless a test is about that. `editor` may be needed for `notes:delete`; mail is an API of its own. */
export const declared = {
  roles: { editor: 'May delete', admin: 'May administer' },
  apis: [
    {
      identifier: api,
      name: 'Notes',
      includeRoles: true,
      scopes: {
        'notes:read': { description: 'Read your notes' },
        'notes:write': { description: 'Change your notes' },
        'notes:delete': { description: 'Delete notes', roles: ['editor'] },
      },
    },
    {
      identifier: otherApi,
      name: 'Mail',
      algorithm: 'RS256',
      accessTokenLifetimeSeconds: 120,
      scopes: { 'mail:read': { description: 'Read your mail' } },
    },
  ],
  signIn: { attemptsPerAccount: 1_000, attemptsPerNetwork: 100_000, attemptsOverall: 1_000_000, newDeviceLetters: false },
  letters: { perNetwork: 100_000, perPersonAndNetwork: 1_000, perPerson: 10_000 },
  devices: { requestsPerNetwork: 100_000, attemptsPerNetwork: 10_000, attemptsOverall: 1_000_000 },
  pushedRequests: { requestsPerNetwork: 1_000_000 },
}

export interface TestServer extends RunningServer {
  issuer: string
  settings: Settings
  folder: string
}

export interface TestServerOptions {
  settings?: Record<string, unknown>
  log?: Log
  /** What is put off; the system's timers unless given. */
  later?: Later
  /** Kept when the server closes, to start another on it. */
  folder?: string
  /** The issuer when it is not this server's own address; then the server is production unless it is loopback. */
  issuer?: string
  /** As SIGNET_SECRET holds them. */
  masterSecret?: string
}

const stores = new Set<string>()
process.once('exit', () => {
  for (const folder of stores) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-'))
  stores.add(folder)
  return folder
}

export async function startTestServer({
  settings: overrides = {},
  log = silentLog,
  later,
  folder = temporaryFolder(),
  issuer,
  masterSecret = 'a-master-secret-for-tests-that-is-long-enough',
}: TestServerOptions = {}): Promise<TestServer> {
  const port = await freePort()
  const parsed = settingsSchema.parse({
    ...declared,
    ...(issuer && { issuer }),
    listen: { host: 'localhost', port },
    ...overrides,
  })
  const settings: Settings = {
    ...parsed,
    development: new URL(parsed.issuer).protocol === 'http:',
    dataFolder: path.join(folder, 'data'),
    keyFolder: path.join(folder, 'keys'),
    viewsFolder: path.resolve(import.meta.dirname, '../../views'),
    masterSecret,
    samples: { apiPort: 1, clientPort: 2 },
  }
  const server = await startServer(settings, { log, later })
  return { ...server, issuer: parsed.issuer, settings, folder }
}
