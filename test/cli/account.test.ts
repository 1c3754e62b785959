import { expect } from 'chai'
import { createPrograms, expectOneLine, inThisProcess, type Programs } from './program.ts'

const api = 'https://notes.example.com'
const email = 'ada@example.com'
const password = 'analytical engine'

describe('signet account', () => {
  let programs: Programs
  before(async () => {
    const apis = [{ identifier: api, name: 'Notes', apiKeys: true, scopes: { read: { description: 'Read' } } }]
    programs = await createPrograms({ roles: { editor: 'May edit', admin: 'May administer' }, apis })
  })
  const list = () => programs.json(['account', 'list']) as Promise<Record<string, unknown>[]>

  it('L16: has nobody in it at first', async () => {
    expect((await programs.signet(['account', 'list'])).stdout).to.equal('There are no accounts.\n')
  })

  it('adds a person with the password from standard input, and shows nothing of it', async () => {
    const added = await programs.json(['account', 'add', email, '--name', 'Ada Lovelace', '--role', 'editor', 'admin'], {
      input: `${password}\n`,
    })
    expect(added).to.deep.include({ email, name: 'Ada Lovelace', roles: ['editor', 'admin'], disabled: false })
    expect(JSON.stringify(added)).not.to.match(/password|hash|argon|analytical/i)
    expect(await list()).to.deep.equal([added])
    expectOneLine(await programs.signet(['account', 'add', 'ADA@Example.com'], { input: password }), /already an account/)
  })

  it('takes roles away and gives them', async () => {
    expect((await programs.signet(['account', 'roles', email])).stdout).to.include('has no roles: from the next token on')
    const roles = ['editor']
    expect(await programs.json(['account', 'roles', email, ...roles])).to.deep.equal({ email, change: 'roles', roles })
    expect((await programs.signet(['account', 'list'])).stdout).to.match(/^ada@example\.com +[\w-]{22} {2}editor$/m)
    expectOneLine(await programs.signet(['account', 'roles', email, 'owner']), /no role "owner"/)
  })

  it('says what apps may learn, by the standard claims alone', async () => {
    const claims = { birthdate: '1815-12-10', email_verified: true }
    const { claims: set } = (await programs.json(['account', 'claims', email, JSON.stringify(claims)])) as { claims: object }
    expect(set).to.include(claims).and.have.property('updated_at')
    for (const [text, sentence] of [
      ['{"shoe_size":37}', /shoe_size/],
      ['{', /not JSON/],
    ] as [string, RegExp][])
      expectOneLine(await programs.signet(['account', 'claims', email, text]), sentence)
  })

  it('sets a password from standard input, and ends API keys where that is asked for', async () => {
    const json = async (...args: string[]) => JSON.parse((await inThisProcess([...args, '--json'], programs.places)).stdout)
    const keys = () => json('key', 'list', '--account', email)
    await json('key', 'add', '--account', email, '--api', api, '--scope', 'read', '--name', 'A key', '--days', '1')
    expectOneLine(await programs.signet(['account', 'password', email], { input: 'short\n' }), /at least 8 characters/)
    expect(await keys(), 'the control').to.have.length(1)
    const { code, stdout } = await programs.signet(['account', 'password', email, '--end-keys'], {
      input: 'difference engine\r\n',
    })
    expect([code, await keys()]).to.deep.equal([0, []])
    expect(stdout)
      .to.match(/has a new password; sessions, refresh tokens and API keys are dead/)
      .and.not.include('difference')
  })

  it('disables and enables', async () => {
    expect(await programs.json(['account', 'disable', email])).to.deep.equal({ email, change: 'disable' })
    expect((await list())[0]).to.deep.include({ roles: ['editor'], disabled: true })
    expect((await programs.signet(['account', 'enable', email])).stdout).to.include('can sign in again')
    expect((await list())[0]).to.deep.include({ disabled: false })
  })

  it('gives a person another address, which nobody else has', async () => {
    const next = 'countess@example.com'
    await programs.signet(['account', 'add', 'grace@example.com'], { input: 'nanoseconds of wire' })
    expectOneLine(await programs.signet(['account', 'email', email, 'Grace@example.com']), /already an account/)
    await programs.json(['account', 'claims', email, '{"email_verified":true}'])
    expect(await programs.json(['account', 'email', email, next])).to.deep.equal({ email: next, change: 'email', before: email })
    const { claims } = (await programs.json(['account', 'claims', next, '{}'])) as { claims: object }
    expect(claims, 'nobody has shown that it is theirs').to.include({ email_verified: false })
    await programs.json(['account', 'email', next, email])
    await programs.json(['account', 'delete', 'grace@example.com', '--yes'])
  })

  it('deletes a person who was named twice, or without a word where that is said, and nobody otherwise', async () => {
    expectOneLine(await programs.signet(['account', 'delete', email], { input: `${email}\n` }), /Nothing was deleted/)
    expect(await list()).to.have.length(1)
    expect(await programs.json(['account', 'delete', email, '--yes'])).to.deep.equal({ email, change: 'delete' })
    expect(await list()).to.deep.equal([])
    expectOneLine(await programs.signet(['account', 'delete', email, '--yes']), /no account ada@example\.com/)
  })

  for (const [what, args, input, sentence] of [
    ['no password', ['add', 'grace@example.com'], '', /at least 8 characters/],
    ['what is no address', ['add', 'ada'], password, /not an e-mail address/],
    ['somebody who is not there', ['disable', 'grace@example.com'], '', /no account grace@example\.com/],
  ] as [string, string[], string, RegExp][]) {
    it(`refuses ${what} in one line`, async () => {
      expectOneLine(await programs.signet(['account', ...args], { input }), sentence)
    })
  }
})
