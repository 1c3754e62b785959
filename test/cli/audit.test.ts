import { userInfo } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../support/server.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

interface Row {
  id: number
  at: number
  act: string
  actor: string
  from: string
  subject?: string
  client?: string
  detail: Record<string, unknown>
}

describe('signet audit', function () {
  this.timeout(120_000)
  let programs: Programs
  let subject: string
  const audit = (...args: string[]) => programs.json(['audit', ...args]) as Promise<Row[]>
  const acts = async (...args: string[]) => (await audit(...args)).map(({ act }) => act)

  before(async () => {
    programs = await createPrograms()
    const added = (await programs.json(['account', 'add', 'ada@example.com'], { input: 'analytical engine' })) as {
      subject: string
    }
    subject = added.subject
    await programs.json(['client', 'add', 'Job', '--id', 'job', '--kind', 'machine'])
    await programs.json(['keys', 'rotate'])
  })

  it('tells who did what, the newest last', async () => {
    const rows = await audit()
    expect(rows.map(({ act, subject, client }) => [act, subject ?? client])).to.deep.equal([
      ['account.added', subject],
      ['client.added', 'job'],
      ['keys.rotated', undefined],
    ])
    for (const { actor, from } of rows) expect([actor, from]).to.deep.equal([`operator:${userInfo().username}`, 'command line'])
  })

  it('finds by person, client, act and time, and shows so many', async () => {
    expect(await acts('--subject', subject)).to.deep.equal(['account.added'])
    expect(await acts('--subject', 'ADA@example.com')).to.deep.equal(['account.added'])
    expectOneLine(
      await programs.signet(['audit', '--subject', 'nobody@example.com']),
      /no account nobody@example\.com\. signet account list/,
    )
    expect(await acts('--client', 'job')).to.deep.equal(['client.added'])
    expect(await acts('--act', 'keys.rotated', '--since', '1h')).to.deep.equal(['keys.rotated'])
    expect(await acts('--since', '2100-01-01')).to.deep.equal([])
    expect(await acts('--limit', '1')).to.deep.equal(['keys.rotated'])
  })

  it('says it to people in a line each', async () => {
    const { stdout, code } = await programs.signet(['audit', '--subject', subject])
    expect(code).to.equal(0)
    expect(stdout).to.match(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}account\.added +operator:\S+ \(command line\) {2}subject \S+ {2}\{"roles":\[\]\}\n$/,
    )
    expect((await programs.signet(['audit', '--client', 'nobody'])).stdout).to.equal(
      'Nothing of that kind is in the audit log.\n',
    )
  })

  for (const [args, sentence] of [
    [['--since', 'yesterday'], /--since is a date/],
    [['--limit', '0'], /--limit is a whole number from 1 to 10000/],
    [['--limit', 'all'], /--limit is a whole number/],
  ] as const)
    it(`says no to ${args.join(' ')}`, async () => expectOneLine(await programs.signet(['audit', ...args]), sentence))

  it('keeps what happened since a backup that is restored, and tells of both', async () => {
    const file = path.join(temporaryFolder(), 'backup.sqlite')
    await programs.json(['backup', file])
    await programs.json(['account', 'disable', 'ada@example.com'])
    await programs.json(['restore', file])
    const rows = await audit()
    expect(rows.map(({ act }) => act).slice(2)).to.deep.equal([
      'keys.rotated',
      'database.backed_up',
      'account.disabled',
      'database.restored',
    ])
    expect(rows.map(({ id }) => id)).to.deep.equal([...rows.map(({ id }) => id)].sort((a, b) => a - b))
  })
})
