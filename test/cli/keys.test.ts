import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { openParts } from '../../src/main/parts.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { temporaryFolder } from '../support/server.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

interface Shown {
  kid: string
  of: string
  algorithm: string
  state: string
  createdAt: number
  signsFrom: number
  signsUntil: number
}

const scopes = { read: { description: 'Read' } }
const apis = [{ identifier: 'https://api.example.com', name: 'API', scopes, apiKeys: true }]

describe('signet keys', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms()
  })
  const list = () => programs.json(['keys', 'list']) as Promise<Shown[]>

  it('publishes the next keys, lists what each does, and rotates no further until they sign', async () => {
    const before = await list()
    expect(before.map(({ algorithm, state }) => `${algorithm} ${state}`)).to.have.members(['ES256 current', 'RS256 current'])
    const lines = async () => (await programs.signet(['keys', 'list'])).stdout
    const minute = (time: number) => new Date(time * 1_000).toISOString().slice(0, 16).replace('T', ' ')
    const [first] = before as [Shown]
    expect(first.signsUntil - first.signsFrom).to.equal(7_776_000)
    expect(await lines()).to.include(
      `${first.kid}  ${first.algorithm}  current  signing since ${minute(first.signsFrom)} UTC, until ${minute(first.signsUntil)} UTC\n`,
    )
    const next = (await programs.json(['keys', 'rotate'])) as Shown[]
    const its = next.find(({ algorithm }) => algorithm === first.algorithm)!
    expect(await lines())
      .to.include(`until ${minute(its.signsFrom)} UTC\n`)
      .and.to.include(`signs from ${minute(its.signsFrom)} UTC`)
    for (const { createdAt, signsFrom, state } of next) expect([state, signsFrom - createdAt]).to.deep.equal(['next', 360])
    const followed = before.map((key) => ({ ...key, signsUntil: next.find((one) => one.algorithm === key.algorithm)!.signsFrom }))
    expect(await list()).to.have.deep.members([...followed, ...next])
    expectOneLine(await programs.signet(['keys', 'rotate']), /is published already and signs soon/)
    expect(await list()).to.have.length(4)
  })
  it('K01 shows nobody a private member, as a list or as JSON', async () => {
    const secrets = readdirSync(programs.keyFolder)
      .filter((name) => name.startsWith('signing-'))
      .map((name) => JSON.parse(readFileSync(path.join(programs.keyFolder, name), 'utf8')))
    expect(secrets.length).to.be.above(1)
    for (const options of [[], ['--json']]) {
      const { stdout } = await programs.signet(['keys', 'list', ...options])
      for (const { d, kid } of secrets) expect(stdout).to.include(kid).and.to.not.include(d)
    }
  })
  it('K05 removes one for good, and says who signs now and how long others may take it', async () => {
    const all = await list()
    const taken = all.find(({ algorithm, state }) => algorithm === 'ES256' && state === 'current')!
    const next = all.find(({ algorithm, state }) => algorithm === 'ES256' && state === 'next')!
    expect(await programs.json(['keys', 'revoke', taken.kid])).to.deep.equal({
      revoked: taken.kid,
      of: 'tokens',
      algorithm: 'ES256',
      current: next.kid,
      jwksMaxAgeSeconds: 300,
    })
    expect((await list()).map(({ kid }) => kid)).to.not.include(taken.kid)
    await programs.json(['keys', 'revoke', next.kid])
    const made = (await list()).filter(({ algorithm }) => algorithm === 'ES256')
    expect(
      made.map(({ state }) => state),
      'one is made when none is left',
    ).to.deep.equal(['current'])
  })
  for (const kid of ['nothing', '../master.secret', '', `-${'h'.repeat(42)}`, `--${'j'.repeat(41)}`]) {
    it(`refuses to revoke ${JSON.stringify(kid)}`, async () => {
      expectOneLine(await programs.signet(['keys', 'revoke', kid]), /There is no signing key/)
      expect(await list()).to.have.length(3)
    })
  }
})

describe('signet keys, those that sign API keys', () => {
  it('are a ring of their own, rotated by itself, and revoked with the API keys that they signed', async () => {
    const programs = await createPrograms({ apis })
    const settings = loadSettings({
      SIGNET_CONFIG: programs.settingsFile,
      SIGNET_KEYS: programs.keyFolder,
      SIGNET_DATA: path.join(path.dirname(programs.settingsFile), 'data'),
    })
    const parts = await openParts(settings, { first: false })
    try {
      const apis = { 'https://api.example.com': ['read'] }
      await parts.clients.add({ id: 'robot', name: 'Robot', kind: 'machine', apis })
      const asked = { name: 'a', audience: 'https://api.example.com', scopes: ['read'], expiresAt: parts.now() + 600 }
      const { key, row } = await parts.apiKeys.mint({ client: 'robot' }, asked, {})
      const [next, ...others] = (await programs.json(['keys', 'rotate', '--of', 'api-keys'])) as [Shown]
      expect([next.of, next.state, others]).to.deep.equal(['api-keys', 'next', []])
      const { stdout } = await programs.signet(['keys', 'list'])
      const lines = stdout.trim().split('\n')
      expect(lines).to.have.length(4)
      const theirs = lines.filter((line) => line.endsWith('  API keys')).map((line) => line.split(' ', 1)[0])
      expect(theirs).to.have.members([row.kid, next.kid])

      const answer = await programs.json(['keys', 'revoke', row.kid])
      const said = { of: 'api-keys', algorithm: 'ES256', current: next.kid, jwksMaxAgeSeconds: 300 }
      expect(answer).to.deep.equal({ revoked: row.kid, ...said })
      expect(await parts.apiKeys.list({ client: 'robot' })).to.deep.equal([])
      expect(await parts.apiKeys.findLiving(key)).to.equal(undefined)
      const acts = (await parts.audit.list({}, 4)).map(({ act, detail }) => ({ act, of: detail.of ?? detail.jti }))
      expect(acts.toReversed().slice(1)).to.deep.equal([
        { act: 'keys.rotated', of: 'api-keys' },
        { act: 'key.revoked', of: 'api-keys' },
        { act: 'api_key.ended', of: row.jti },
      ])
    } finally {
      await parts.close()
    }
  })
  it('are none where no API takes such', async () => {
    const programs = await createPrograms()
    expectOneLine(await programs.signet(['keys', 'rotate', '--of', 'api-keys']), /No API takes API keys/)
  })
})

describe('signet keys, of the store', () => {
  it('are taken over from the folder, then listed, rotated and revoked there', async () => {
    const programs = await createPrograms({ keys: { in: 'store' }, apis })
    const inFolder = await createPrograms({ apis })
    const folder = { env: { SIGNET_KEYS: inFolder.keyFolder } }
    const before = (await inFolder.json(['keys', 'list'])) as Shown[]
    const secret = { SIGNET_SECRET: 'a-master-secret-for-tests-that-is-long-enough' }
    expectOneLine(
      await programs.signet(['keys', 'list'], { env: { ...folder.env, ...secret } }),
      /`signet keys import` takes them over/,
    )
    const taken = (await programs.json(['keys', 'import'], { env: { ...folder.env, ...secret } })) as { imported: string[] }
    expect(taken.imported).to.have.members(before.map(({ kid }) => kid))
    expect(await programs.json(['keys', 'list'], { env: secret })).to.have.deep.members(before)
    await programs.json(['keys', 'rotate'], { env: secret })
    const backup = path.join(temporaryFolder(), 'backup.sqlite')
    await programs.json(['backup', backup], { env: secret })
    await programs.json(['keys', 'revoke', taken.imported[0]!], { env: secret })
    await programs.json(['keys', 'revoke', before.find(({ of }) => of === 'api-keys')!.kid], { env: secret })
    const left = (await programs.json(['keys', 'list'], { env: secret })) as Shown[]
    expect(left.map(({ of }) => of)).to.deep.equal(['tokens', 'tokens', 'tokens', 'api-keys'])
    await programs.json(['restore', backup], { env: secret })
    expect(await programs.json(['keys', 'list'], { env: secret }), 'K05 none comes back with a backup').to.deep.equal(left)
  })
})
