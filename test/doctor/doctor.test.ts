/** A sound installation is found sound, each planted fault by its name, and nothing is written. */
import { hash } from 'node:crypto'
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { systemClock } from '../../src/base/clock.ts'
import { seedDemo } from '../../src/demo.ts'
import type { Check } from '../../src/doctor/check.ts'
import { clockCheck, type Examined, examine, nodeCheck } from '../../src/doctor/examine.ts'
import { keyChecks } from '../../src/doctor/keys.ts'
import { databaseChecks } from '../../src/doctor/store.ts'
import { loadSettings, type Settings } from '../../src/settings/load.ts'
import { settingsFile } from '../settings/file.ts'
import { declared, startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'

async function checksOf(checks: AsyncIterable<Check>): Promise<Check[]> {
  const all: Check[] = []
  for await (const check of checks) all.push(check)
  for (const { status, mend } of all) expect(mend === undefined).to.equal(status === 'ok')
  return all
}

const examined = (options: Partial<Examined> = {}) =>
  checksOf(examine({ now: systemClock, uid: process.geteuid?.() ?? 0, ...options }))
const unsound = (checks: Check[]) => checks.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${name} ${status}`)

describe('signet doctor', () => {
  let server: TestServer
  /** Of a server that was stopped. */
  let kept: string
  before(async () => {
    const apis = declared.apis.map((one) => ({ ...one, apiKeys: true }))
    server = await startTestServer({ settings: { demo: true, apis } })
    await seedDemo(server.parts)
    const stopped = await startTestServer({ settings: { apis } })
    await seedDemo(stopped.parts)
    await stopped.close()
    kept = stopped.folder
  })
  after(() => server.close())

  /** What lies in `kept`, to be harmed. */
  function copied(changes: Partial<Settings> = {}): Settings {
    const folder = temporaryFolder()
    for (const part of ['data', 'keys']) cpSync(path.join(kept, part), path.join(folder, part), { recursive: true })
    const [dataFolder, keyFolder] = [path.join(folder, 'data'), path.join(folder, 'keys')]
    return { ...server.settings, dataFolder, keyFolder, ...changes }
  }

  it('finds a running server sound', async () => {
    const checks = await examined({ load: () => server.settings })
    expect(unsound(checks)).to.deep.equal([])
    const names = checks.map(({ name }) => name)
    expect(names).to.include.members(['node', 'settings', 'key-folder', 'key-files', 'master-secret', 'signing-keys'])
    expect(names).to.include.members(['api-key-signing-keys', 'database'])
    expect(names).to.include.members([
      'volatile-database',
      'sealed-records',
      'disk',
      'demo-data',
      'clock',
      'mail',
      'proxies',
      'issuer',
      'date',
      'metadata',
    ])
    expect(names).to.include.members(['published-keys', 'ready', 'large-requests', 'large-answers'])
    expect(new Set(names)).to.have.property('size', names.length)
  })

  it('writes nothing: no row, no file, beside a server or without one', async () => {
    // SQLite notes in the shared memory of its log who reads.
    const lying = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => [name, path.join(folder, name)] as const)
        .filter(([, file]) => statSync(file).isFile())
        .map(([name, file]) => `${name} ${statSync(file).mode} ${name.endsWith('-shm') || hash('sha256', readFileSync(file))}`)
    const settings = copied()
    for (const load of [() => server.settings, () => settings]) {
      const folder = path.dirname(load().dataFolder)
      const before = lying(folder)
      await examined({ load })
      expect(lying(folder)).to.deep.equal(before)
    }
    const nowhere = path.join(temporaryFolder(), 'nowhere')
    await examined({ load: () => ({ ...settings, dataFolder: nowhere, keyFolder: nowhere }) })
    expect(() => statSync(nowhere)).to.throw('ENOENT')
  })

  const inKeys = (settings: Settings, name: RegExp) =>
    path.join(
      settings.keyFolder,
      readdirSync(settings.keyFolder, { recursive: true, encoding: 'utf8' }).find((one) => name.test(one)) ?? 'master.secret',
    )
  const database = ({ dataFolder }: Settings) => path.join(dataFolder, 'signet.sqlite')
  const change = (file: string, sql: string) => {
    const opened = new DatabaseSync(file)
    opened.exec(sql)
    opened.close()
  }

  const planted: Record<string, (settings: Settings) => unknown> = {
    'key-folder fail': ({ keyFolder }) => chmodSync(keyFolder, 0o777),
    'key-folder warn': ({ keyFolder }) => rmSync(keyFolder, { recursive: true }),
    'key-files fail': (settings) => chmodSync(inKeys(settings, /^signing-/), 0o644),
    'master-secret fail': (settings) => {
      settings.masterSecret = 'short'
    },
    'master-secret warn': (settings) => {
      settings.masterSecret = 'ab'.repeat(20)
    },
    'signing-keys fail': (settings) => writeFileSync(inKeys(settings, /^signing-/), '{'),
    'signing-keys warn': (settings) => rmSync(inKeys(settings, /^signing-RS256/)),
    'key-folder fail: of API keys’ own': ({ keyFolder }) => chmodSync(path.join(keyFolder, 'api-keys'), 0o722),
    'key-files fail: one for API keys': (settings) => chmodSync(inKeys(settings, /^api-keys\/signing-/), 0o640),
    'api-key-signing-keys fail': (settings) => writeFileSync(inKeys(settings, /^api-keys\/signing-/), '{'),
    'api-key-signing-keys warn': ({ keyFolder }) => rmSync(path.join(keyFolder, 'api-keys'), { recursive: true }),
    'database fail': (settings) => {
      change(database(settings), 'pragma journal_mode = delete')
      const bytes = readFileSync(database(settings))
      writeFileSync(database(settings), bytes.fill(7, 4_200, bytes.length - 100))
    },
    'database fail: another program’s': (settings) =>
      writeFileSync(database(settings), 'no database at all, but a text of some length'),
    'database fail: of a newer release': (settings) => change(database(settings), 'update schema_version set version = 99'),
    'database fail: for everybody’s eyes': (settings) => chmodSync(database(settings), 0o644),
    'database warn': (settings) => rmSync(database(settings)),
    'volatile-database fail': ({ dataFolder }) =>
      writeFileSync(path.join(dataFolder, 'volatile.sqlite'), 'no database, but a text'),
    'sealed-records fail': (settings) => {
      settings.masterSecret = 'another-secret-than-the-one-by-which-they-were-sealed'
    },
    'sealed-records fail: a record alone': (settings) =>
      change(
        database(settings),
        `insert into artifacts (model, id, payload, expires_at) values ('Grant', 'x', 'abcdefabcdef.x', ${systemClock() + 60})`,
      ),
    'sealed-records warn': (settings) => {
      settings.masterSecret = `a-secret-that-is-now-the-first-of-the-two ${settings.masterSecret}`
    },
    'demo-data fail': (settings) => {
      settings.development = false
    },
    'clock fail': (settings) => change(database(settings), `update accounts set created_at = ${systemClock() + 3_600}`),
    'published-keys fail': () => {},
    'redis fail': (settings) => {
      settings.redis = { url: 'redis://127.0.0.1:1', artifacts: 'short-lived', keyPrefix: '' }
    },
    'proxies fail': (settings) => {
      settings.trustedProxies = ['0.0.0.0/0']
      settings.issuer = 'https://localhost:1'
    },
    'issuer fail': (settings) => {
      settings.issuer = 'http://localhost:1'
    },
    'metadata fail': (settings) => {
      settings.issuer = server.issuer.replace('localhost', '127.0.0.1')
    },
  }
  for (const [fault, plant] of Object.entries(planted)) {
    it(`finds ${fault}`, async () => {
      const settings = copied()
      const load = () => settings
      const before = unsound(await examined({ load }))
      const [name = ''] = fault.split(':')
      // Another's keys lie here from the beginning.
      if (name !== 'published-keys fail') expect(before).not.to.include(name)
      plant(settings)
      const url = name === 'metadata fail' ? server.issuer : undefined
      expect(unsound(await examined({ load, url }))).to.include(name)
    })
  }

  it('finds a key that should have been published, a hundred days later', async () => {
    const checks = await examined({ load: () => server.settings, now: () => systemClock() + 8_640_000 })
    expect(unsound(checks)).to.deep.equal(['signing-keys warn', 'api-key-signing-keys warn', 'date fail'])
  })

  it('takes no key for missing where they are in the store', async () => {
    const shared = await startTestServer({ settings: { keys: { in: 'store' } } })
    try {
      const checks = await examined({ load: () => shared.settings })
      expect(unsound(checks)).to.deep.equal([])
      expect(checks.map(({ name }) => name))
        .to.include('published-keys')
        .and.not.include('signing-keys')
    } finally {
      await shared.close()
    }
  })

  it('says that others see into the key folder in production alone: a clone has one that they do', async () => {
    const settings = copied()
    chmodSync(settings.keyFolder, 0o755)
    for (const [development, found] of [
      [true, []],
      [false, ['key-folder warn']],
    ] as const) {
      const { checks } = await keyChecks({ ...settings, development }, systemClock, process.geteuid?.() ?? 0)
      expect(unsound(checks)).to.deep.equal(found)
    }
  })

  it('says sizes in the unit that fits', async () => {
    const left = async (bytes: number) => (await checksOf(databaseChecks(server.settings, async () => bytes))).at(-1)?.sentence
    expect(await left(78_378e6)).to.match(/has 78 GB left\.$/)
    expect(await left(9_999e6)).to.match(/has 9999 MB left\.$/)
    expect(await left(5e5)).to.match(/has 500 kB left\.$/)
  })

  it('finds files of another user, unless it looks for everybody', async () => {
    const uid = (process.geteuid?.() ?? 0) + 1
    expect(unsound(await examined({ load: () => server.settings, uid }))).to.deep.equal(['key-folder fail', 'key-files fail'])
  })

  it('finds a disk that is nearly full', async () => {
    const left = async (bytes: number) => unsound(await checksOf(databaseChecks(server.settings, async () => bytes)))
    expect(await left(1e9)).to.deep.equal([])
    expect(await left(4e8)).to.deep.equal(['disk warn'])
    expect(await left(5e7)).to.deep.equal(['disk fail'])
  })

  it('finds a Node that is too old', () => {
    for (const version of ['24.7.0', '26.10.0']) expect(nodeCheck(version).status).to.equal('ok')
    for (const version of ['24.6.9', '22.21.0']) expect(nodeCheck(version).status).to.equal('fail')
  })

  it('takes no clock for wrong that is a minute apart', () => {
    expect([-100, 0, 60, 61].map((ahead) => clockCheck(1_000 + ahead, 1_000).status)).to.deep.equal(['ok', 'ok', 'ok', 'fail'])
  })

  it('says the first fault of settings that cannot be used, and goes no further', async () => {
    const file = settingsFile({ demo: 'no', lifetime: {} })
    const checks = await examined({ load: () => loadSettings({ SIGNET_CONFIG: file }) })
    expect(unsound(checks)).to.deep.equal(['settings fail'])
    expect(checks.at(-1)?.sentence).to.match(/demo: has to be true or false and 1 more/)
  })
})
