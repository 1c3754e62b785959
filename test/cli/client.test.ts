import { expect } from 'chai'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

const api = 'https://api.example.com'
const declared = { id: 'declared', name: 'Declared', kind: 'native', redirectUris: ['com.example.app:/cb'] }
const redirect = ['--redirect-uri', 'https://app.example.com/cb']

describe('signet client', () => {
  let programs: Programs
  before(async () => {
    const scopes = { read: { description: 'Read' }, write: { description: 'Write' } }
    programs = await createPrograms({ apis: [{ identifier: api, name: 'Notes', scopes }], clients: [declared] })
  })

  it('adds a client, shows its secret once, lists it and removes it', async () => {
    const added = (await programs.json([
      'client',
      'add',
      'My app',
      '--id',
      'my-app',
      '--kind',
      'web',
      ...redirect,
      'https://app.example.com/other',
      '--post-logout-redirect-uri',
      'https://app.example.com/',
      '--api',
      `${api}/=read`,
    ])) as Record<string, unknown>
    expect(added).to.deep.include({
      id: 'my-app',
      kind: 'web',
      redirectUris: ['https://app.example.com/cb', 'https://app.example.com/other'],
      postLogoutRedirectUris: ['https://app.example.com/'],
      apis: { [api]: ['read'] },
      firstParty: false,
    })
    expect(added.secret).to.match(/^sgs_[A-Za-z0-9_-]{43}$/)
    const { secret, ...registration } = added
    const listed = (await programs.json(['client', 'list'])) as { id: string }[]
    expect(listed.map(({ id }) => id)).to.deep.equal(['declared', 'my-app'])
    expect(listed[1]).to.deep.equal(registration)
    expect(JSON.stringify(listed))
      .not.to.include(secret)
      .and.not.match(/digest/i)
    expect(await programs.json(['client', 'remove', 'my-app'])).to.deep.equal({ removed: 'my-app' })
  })

  it('replaces a secret, and keeps the one before for as long as it is told', async () => {
    await programs.json(['client', 'add', 'Rotated', '--id', 'rotated', '--kind', 'machine', '--members', '{"dpopBound":true}'])
    const rotated = (await programs.json(['client', 'rotate-secret', 'rotated', '--keep', '1h'])) as Record<string, unknown>
    expect(rotated.secret).to.match(/^sgs_/)
    expect(rotated.dpopBound).to.equal(true)
    expect(rotated.secrets).to.have.length(2)
    const tooLong = await programs.signet(['client', 'rotate-secret', 'rotated', '--keep', '1y'])
    expect(tooLong.code).to.equal(1)
    expect(tooLong.stderr).to.match(/'1y' is invalid\. Allowed choices are none, 1h, 24h, 7d\./)
    expectOneLine(await programs.signet(['client', 'add', 'X', '--kind', 'spa', '--members', '[]']), /--members is a JSON object/)
    await programs.json(['client', 'remove', 'rotated'])
  })

  it('says which secret ends earlier than was promised when a third one is made', async () => {
    const { secret: first } = (await programs.json(['client', 'add', 'Third', '--id', 'third', '--kind', 'machine'])) as {
      secret: string
    }
    const rotate = ['client', 'rotate-secret', 'third', '--keep', '7d']
    expect((await programs.signet(rotate)).stdout).not.to.include('promised')
    const { stdout } = await programs.signet(rotate)
    const hint = `sgs_…${first.slice(-4)}`
    expect(stdout).to.match(
      new RegExp(`^The secret ${hint}, promised until \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC, ends now`, 'm'),
    )
    expect(stdout).not.to.include(first)
    const { ended } = (await programs.json(rotate)) as { ended: { hint: string; expiresAt: number }[] }
    expect(ended).to.have.length(1)
    expect(ended[0]).to.have.keys('hint', 'createdAt', 'expiresAt')
    await programs.json(['client', 'remove', 'third'])
  })

  it('shows one client, its secrets by what they are recognised by', async () => {
    const add = ['client', 'add', 'Shown', '--id', 'shown', '--kind', 'web', ...redirect, '--api', `${api}=read,write`]
    const { secret } = (await programs.json(add)) as { secret: string }
    await programs.json(['client', 'rotate-secret', 'shown', '--keep', '1h'])
    const { code, stdout } = await programs.signet(['client', 'show', 'shown'])
    expect(code).to.equal(0)
    for (const line of [
      /^id +shown$/m,
      /^name +Shown$/m,
      /^kind +web$/m,
      /^authentication +client_secret_basic$/m,
      /^redirectUris +https:\/\/app\.example\.com\/cb$/m,
      /^apis +https:\/\/api\.example\.com {2}read write$/m,
      /^secrets +sgs_….{4}, made \d{4}-.* UTC, no end$/m,
      new RegExp(`^ +sgs_…${secret.slice(-4)}, made .* UTC, ends .* UTC$`, 'm'),
    ])
      expect(stdout).to.match(line)
    expect(stdout).not.to.match(/undefined|digest|\[object/i)
    const shown = (await programs.json(['client', 'show', 'shown'])) as { secrets: object[] }
    expect(shown).to.deep.include({ id: 'shown', apis: { [api]: ['read', 'write'] }, declared: false })
    expect(shown.secrets).to.have.length(2)
    expect(JSON.stringify(shown)).not.to.match(/digest/i)
    expect((await programs.signet(['client', 'show', 'declared'])).stdout).to.match(/^registered +in the settings$/m)
    expectOneLine(await programs.signet(['client', 'show', 'nothing']), /no client nothing/)
    await programs.json(['client', 'remove', 'shown'])
  })

  it('speaks to people as well', async () => {
    const { code, stdout } = await programs.signet(['client', 'add', 'Nightly job', '--kind', 'machine', '--api', api])
    expect(code).to.equal(0)
    const id = /^client_id +([A-Za-z0-9][A-Za-z0-9_-]+)$/m.exec(stdout)?.[1]
    expect(stdout)
      .to.match(/^client_secret +sgs_\S+ +\(shown once/m)
      .and.match(new RegExp(`^issuer +${programs.issuer}$`, 'm'))
    const { stdout: list } = await programs.signet(['client', 'list'])
    expect(list).to.match(new RegExp(`^${id} +machine +Nightly job$`, 'm'))
    expect((await programs.signet(['client', 'remove', id as string])).stdout).to.match(
      /^Removed .*refresh tokens and API keys are dead/,
    )
  })

  it('gives a public client no secret', async () => {
    expect(await programs.json(['client', 'add', 'App', '--kind', 'native', ...redirect])).not.to.have.property('secret')
  })

  for (const [args, sentence] of [
    [['--kind', 'web'], /redirectUris: needs at least one.*signet client add --help/],
    [['--kind', 'web', '--redirect-uri', 'javascript:alert(1)'], /redirectUris\.0: .*must be https/],
    [
      ['--kind', 'api', '--members', '{"serves":["https://other.example.com"]}'],
      /serves\.0: https:\/\/other\.example\.com is not in apis/,
    ],
    [['--kind', 'web', ...redirect, '--members', '{"secretDigests":["x"]}'], /secretDigests: is not for you to say/],
    [['--kind', 'web', ...redirect, '--id', 'declared'], /already a client declared/],
    [['--kind', 'web', ...redirect, '--api', 'https://other.example.com'], /no API https:\/\/other\.example\.com/],
    [['--kind', 'web', ...redirect, '--api', `${api}=read,constructor`], /has no scope "constructor"/],
  ] as [string[], RegExp][]) {
    it(`refuses ${args.join(' ')} in one line`, async () => {
      expectOneLine(await programs.signet(['client', 'add', 'App', ...args]), sentence)
    })
  }

  it('removes neither what is declared in the settings nor what is not there', async () => {
    expectOneLine(await programs.signet(['client', 'remove', 'declared']), /declared in the settings: change it there/)
    expectOneLine(await programs.signet(['client', 'remove', 'nothing']), /no client nothing/)
    const { code, stdout, stderr } = await programs.signet(['client', 'remove', 'nothing', '--json'])
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    expect(JSON.parse(stdout)).to.deep.equal({ error: 'unknown_client', message: 'There is no client nothing.' })
  })
})
