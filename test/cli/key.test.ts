import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { wholePattern } from '../support/api-keys.ts'
import { createPrograms, expectOneLine, inThisProcess, type Programs } from './program.ts'

const api = 'https://notes.example.com'
const email = 'ada@example.com'
const scopes = { 'notes:read': { description: 'Read' }, 'notes:delete': { description: 'Delete', roles: ['editor'] } }
const settings = {
  roles: { editor: 'May edit' },
  apis: [
    { identifier: api, name: 'Notes', apiKeys: true, scopes },
    { identifier: 'https://mail.example.com', name: 'Mail', scopes: { 'mail:read': { description: 'Read' } } },
  ],
}

interface Shown {
  id: string
  key?: string
  subject?: string
  client?: string
  name: string
  audience: string
  scopes: string[]
  createdAt: number
  expiresAt: number
}

describe('signet key', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms(settings)
    await programs.signet(['account', 'add', email], { input: 'analytical engine' })
    const machine = ['--id', 'robot', '--kind', 'machine', '--api', `${api}=notes:read`]
    for (const more of [machine, ['--id', 'web-app', '--kind', 'web', '--redirect-uri', 'https://app.example.com/callback']])
      await said(['client', 'add', 'An app', ...more])
  })

  async function said(args: string[]): Promise<unknown> {
    const { stdout } = await inThisProcess([...args, '--json'], programs.places)
    return JSON.parse(stdout)
  }
  const list = (...more: string[]) => said(['key', 'list', ...more]) as Promise<Shown[]>
  const add = (...more: string[]) => said(['key', 'add', '--api', api, '--scope', 'notes:read', '--name', 'A key', ...more])
  const made = (...more: string[]) => add(...more) as Promise<Shown>

  it('has none at first', async () => {
    expect(await list()).to.deep.equal([])
    expect((await programs.signet(['key', 'list'])).stdout).to.equal('There are no API keys.\n')
  })
  it('P05 makes one for a person, and shows it once: it is kept nowhere', async () => {
    const args = ['--account', email, '--api', api, '--scope', 'notes:read', '--name', 'Night job', '--days', '30']
    const { code, stdout } = await programs.signet(['key', 'add', ...args])
    expect(code).to.equal(0)
    const [, key = '', id = ''] = /^key {3}(\S+) .*shown once.*\nid {4}([\w-]{22}) /.exec(stdout) ?? []
    expect(key).to.match(wholePattern)
    expect(stdout).to.match(/^good {2}at https:\/\/notes\.example\.com for notes:read, until \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m)
    const [shown] = (await list()) as [Shown]
    expect(shown).to.deep.include({ id, name: 'Night job', audience: api, scopes: ['notes:read'] })
    expect(shown.expiresAt - shown.createdAt).to.equal(30 * 86_400)
    expect(shown).to.have.keys(['id', 'subject', 'email', 'name', 'audience', 'scopes', 'createdAt', 'expiresAt', 'kid'])
    const lines = (await programs.signet(['key', 'list'])).stdout
    expect(lines).to.match(new RegExp(`^${id} {2}${email} {2}${api} {2}notes:read {2}until .* UTC {2}"Night job"\n$`))
    const kept = readdirSync(programs.dataFolder).map((name) => readFileSync(path.join(programs.dataFolder, name), 'latin1'))
    expect([kept.some((one) => one.includes(id)), kept.some((one) => one.includes(key.slice(-60)))]).to.deep.equal([true, false])
  })
  it('makes one for a machine, lists by owner, and ends for good, once', async () => {
    const { key, ...facts } = await made('--client', 'robot', '--days', '1')
    expect(key).to.match(wholePattern)
    expect(facts).to.deep.include({ client: 'robot', scopes: ['notes:read'] })
    expect(await list('--client', 'robot')).to.deep.equal([facts])
    expect((await list('--account', email)).map(({ client }) => client)).to.deep.equal([undefined])
    expect(await list()).to.have.length(2)
    expect(await said(['key', 'end', facts.id])).to.deep.equal({ ended: facts.id })
    expect(await said(['key', 'end', facts.id])).to.include({ error: 'unknown_api_key' })
    expect(await list('--client', 'robot')).to.deep.equal([])
    const [entry, before] = ((await said(['audit'])) as { act: string; actor: string; from: string; detail: object }[]).reverse()
    expect(entry).to.include({ act: 'api_key.ended', client: 'robot', from: 'command line' })
    expect(entry!.actor).to.match(/^operator:/)
    expect(entry!.detail).to.include({ jti: facts.id, why: 'operator' })
    expect(before).to.include({ act: 'api_key.added' })
  })
  it('counts the day that is named as the last', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const { id, expiresAt } = await made('--client', 'robot', '--until', tomorrow)
    expect(new Date(expiresAt * 1_000).toISOString(), 'as on the page').to.equal(`${tomorrow}T23:59:59.000Z`)
    await said(['key', 'end', id])
  })
  it('takes an id that begins with a hyphen for one', async () => {
    for (const id of ['-abcdefghijklmnopqrstu', '--abcdefghijklmnopqrst'])
      expect(await said(['key', 'end', id]), id).to.include({ error: 'unknown_api_key' })
    expectOneLine(await programs.signet(['key', 'end', '-abcdefghijklmnopqrstu']), /signet key list shows all/)
  })
  it('wants the id of one that is to be ended, and repeats no key that it is given instead', async () => {
    const { key, id } = await made('--client', 'robot', '--days', '1')
    const answer = await programs.signet(['key', 'end', key as string])
    expectOneLine(answer, /signet revoke token takes the key itself/)
    expect(answer.stderr).not.to.contain('eyJ')
    await said(['key', 'end', id])
  })
  it('says which API takes none, and what the owner may have', async () => {
    const args = ['key', 'add', '--client', 'robot', '--name', 'x', '--days', '1', '--api']
    expectOneLine(
      await programs.signet([...args, 'https://mail.example.com', '--scope', 'x']),
      /no API https:\/\/mail\.example\.com that/,
    )
    expectOneLine(
      await programs.signet([...args, api, '--scope', 'notes:raed']),
      /may not have notes:raed there; .*: notes:read\./,
    )
  })

  const whose = ['--account', email]
  for (const [what, args, error] of [
    ['nobody’s', ['--days', '1'], 'invalid_option'],
    ['two owners’', [...whose, '--client', 'robot', '--days', '1'], 'invalid_usage'],
    ['a stranger’s', ['--account', 'eve@example.com', '--days', '1'], 'unknown_account'],
    ['an unknown machine’s', ['--client', 'nobody', '--days', '1'], 'unknown_client'],
    ['an app’s that acts for people', ['--client', 'web-app', '--days', '1'], 'no_machine'],
    ['one without an end', whose, 'invalid_option'],
    ['one with two ends', [...whose, '--days', '1', '--until', '2027-01-01'], 'invalid_usage'],
    ['one of no day', [...whose, '--days', '0'], 'invalid_option'],
    ['one of 1e2 days', [...whose, '--days', '1e2'], 'invalid_option'],
    ['one that is too long', [...whose, '--days', '367'], 'invalid_key_end'],
    ['one that is over', [...whose, '--until', '2020-01-01'], 'invalid_key_end'],
    ['one until no date', [...whose, '--until', 'tomorrow'], 'invalid_option'],
    ['one until a day of no calendar', [...whose, '--until', '2027-02-30'], 'invalid_option'],
    ['one for an API that takes none', [...whose, '--days', '1', '--api', 'https://mail.example.com'], 'no_such_api'],
    ['P02 one for what its owner may not do', [...whose, '--days', '1', '--scope', 'notes:delete'], 'scope_not_allowed'],
    [
      'P02 one for what its machine may not do',
      ['--client', 'robot', '--days', '1', '--scope', 'notes:delete'],
      'scope_not_allowed',
    ],
    ['one without a name', [...whose, '--days', '1', '--name', ' '], 'invalid_key_name'],
  ] as [string, string[], string][]) {
    it(`makes none: ${what}`, async () => {
      const before = await list()
      expect(await add(...args)).to.include({ error })
      expect(await list()).to.deep.equal(before)
    })
  }
})
