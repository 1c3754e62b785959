/**
 * Whatever ends an owner's access ends their API keys, at an API that asks nobody: a row each, with its control before. Each is in the audit log,
 * told to whom it concerns, and comes back with nothing.
 */
import { expect } from 'chai'
import { beside } from '../../src/mail/mailer.ts'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import type { ApiKeyRow } from '../../src/store/store.ts'
import { skewSeconds } from '../../src/tokens/revocation.ts'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { keyOf, takingKeys } from '../support/api-keys.ts'
import { signetBeside } from '../support/command.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { revoke } from '../support/questions.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { password } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { until } from '../support/until.ts'

interface Owned {
  email: string
  /** Of the account, or of the client, which has a secret. */
  id: string
  secret?: string | undefined
  /** Needs the role `editor` where a person has it. */
  key: string
  row: ApiKeyRow
}

interface Ending {
  by: 'account' | 'client'
  /** As the audit log says it. */
  why: string
  /** As the letter says it; none where nobody is told. */
  words?: RegExp
  end(owned: Owned): Promise<unknown>
}

describe('what ends API keys', () => {
  let server: TestServer
  let listening: ReturnType<typeof createResourceServer>
  let people = 0
  before(async () => {
    server = await startTestServer({ settings: takingKeys })
    listening = createResourceServer({
      issuer: server.issuer,
      resource: defineResource({ id: api, scopes: { 'notes:read': 'Read' } }),
      accept: ['api_key'],
      revocations: {},
    })
    await listening.ready()
  })
  after(async () => {
    returnToPresent()
    listening.close()
    await server.close()
  })

  async function judged(key: string): Promise<string> {
    try {
      await listening.verify(key)
      return 'good'
    } catch (error) {
      return String((error as { reason?: string }).reason)
    }
  }

  const somebody = async () => {
    const email = `person${people++}@example.com`
    return server.parts.accounts.add({ email, password, roles: ['editor', 'admin'] })
  }

  async function owner(by: Ending['by']): Promise<Omit<Owned, 'key' | 'row'> & { scopes: string[] }> {
    if (by === 'account') return { ...(await somebody()), scopes: ['notes:read', 'notes:delete'] }
    const id = `machine-${people++}`
    const { secret } = await server.parts.clients.add({ id, name: id, kind: 'machine', apis: { [api]: ['notes:read'] } })
    return { id, secret, email: '', scopes: ['notes:read'] }
  }
  const ownerOf = (by: Ending['by'], id: string) => (by === 'account' ? { account: id } : { client: id })

  const entriesOf = async ({ jti }: ApiKeyRow) =>
    (await server.parts.audit.list({ act: 'api_key.ended' }, 1_000)).filter(({ detail }) => detail.jti === jti)

  /** A page of somebody's own account, once they have signed in there. */
  async function atOwn(email: string, path: string) {
    const visitor = createVisitor(server.issuer)
    return { visitor, page: await visitor.submit(await visitor.open(path), '/sign-in', { email, password }) }
  }
  const signet = async (...args: string[]) => {
    const { code, answer } = await signetBeside(server, args)
    expect(code, JSON.stringify(answer)).to.equal(0)
  }
  const confirm = async (visitor: Visitor, link: string) => {
    const page = await visitor.open(link)
    await visitor.submit(page, page.url.pathname, {})
  }

  const endings: Record<string, Ending> = {
    'P03 its person, at /account/keys': {
      by: 'account',
      why: 'person',
      async end({ email, row }) {
        const at = `/account/keys/${row.jti}`
        const { visitor } = await atOwn(email, '/account/keys')
        await visitor.submit(await visitor.open(at), at, {})
      },
    },
    'P03 its machine, at /revocation': {
      by: 'client',
      why: 'machine',
      end: ({ id, secret, key }) => revoke(server, { id, secret: secret as string }, key),
    },
    'P03 the operator': {
      by: 'account',
      why: 'operator',
      words: /The operator did it/,
      end: ({ row }) => signet('key', 'end', row.jti),
    },
    'P03 whoever finds it': {
      by: 'account',
      why: 'leaked',
      words: /has found it/,
      end: ({ key }) => fetch(`${server.issuer}/api-keys/leaked`, { method: 'POST', body: new URLSearchParams({ key }) }),
    },
    'P02 the loss of a role that it needs': {
      by: 'account',
      why: 'role',
      words: /has lost a role/,
      end: ({ email }) => server.parts.accounts.setRoles(email, ['admin']),
    },
    'P07 an account that is disabled': {
      by: 'account',
      why: 'disabled',
      words: /was disabled/,
      end: ({ email }) => signet('account', 'disable', email),
    },
    'P07 an account that is removed': {
      by: 'account',
      why: 'deleted',
      end: ({ email }) => server.parts.accounts.remove(email),
    },
    'P07 an account that its person deletes': {
      by: 'account',
      why: 'deleted',
      async end({ email }) {
        const { visitor, page } = await atOwn(email, '/account/delete')
        await visitor.submit(page, '/account/delete', { sure: 'yes' })
      },
    },
    'a password that an operator sets, when they want that': {
      by: 'account',
      why: 'password',
      words: /chose another password/,
      end: ({ email }) => server.parts.accounts.setPassword(email, `${password} again`, { endKeys: true }),
    },
    'a password that is changed, where that is ticked': {
      by: 'account',
      why: 'password',
      words: /chose another password/,
      async end({ email }) {
        const { visitor, page } = await atOwn(email, '/account/password')
        await visitor.submit(page, '/account/password', { current: password, password: `${password} again`, keys: 'end' })
      },
    },
    'a password that is recovered, where that is ticked': {
      by: 'account',
      why: 'password',
      words: /chose another password/,
      async end({ email }) {
        const visitor = createVisitor(server.issuer)
        await visitor.submit(await visitor.open('/recovery'), '/recovery', { email })
        const page = await visitor.open(linkOf(await letterTo(server, email, 'recovery')))
        await visitor.submit(page, page.url.pathname, { password: `${password} again`, keys: 'end' })
      },
    },
    'an address that is taken back by the one before': {
      by: 'account',
      why: 'address',
      words: /former e-mail address/,
      async end({ email }) {
        const to = `thief-of-${email}`
        const { visitor, page } = await atOwn(email, '/account/email')
        await visitor.submit(page, '/account/email', { email: to })
        await confirm(visitor, linkOf(await letterTo(server, to, 'email-change')))
        await confirm(createVisitor(server.issuer), linkOf(await letterTo(server, email, 'email-changed')))
      },
    },
    'a client that is removed': { by: 'client', why: 'client', end: ({ id }) => server.parts.clients.remove(id) },
    'a client’s secret that others have': {
      by: 'client',
      why: 'client',
      end: ({ id }) => server.parts.clients.rotateSecret(id, 0, { isCompromised: true }),
    },
    'signet revoke account': {
      by: 'account',
      why: 'operator',
      words: /The operator did it/,
      end: ({ email }) => signet('revoke', 'account', email),
    },
    'signet revoke token, by its jti': {
      by: 'account',
      why: 'operator',
      words: /The operator did it/,
      end: ({ row }) => signet('revoke', 'token', '--jti', row.jti, '--until', '1h'),
    },
    'signet revoke client': { by: 'client', why: 'operator', end: ({ id }) => signet('revoke', 'client', id) },
    'signet revoke client signet:keys': {
      by: 'account',
      why: 'operator',
      words: /The operator did it/,
      end: () => signet('revoke', 'client', 'signet:keys'),
    },
    'signet revoke api': {
      by: 'account',
      why: 'operator',
      words: /The operator did it/,
      end: () => signet('revoke', 'api', api),
    },
    'signet revoke everything': { by: 'client', why: 'operator', end: () => signet('revoke', 'everything', '--yes') },
  }

  /** How often, once no letter is under way, here or by the command line. */
  async function told(email: string): Promise<number> {
    await server.parts.mailer.takeUp([beside])
    await until('the letters', () => server.parts.mailer.waiting === 0)
    return (await lettersOf(server)).filter(({ to, kind }) => to === email && kind === 'api-key-ended').length
  }

  for (const [name, { by, why, words, end }] of Object.entries(endings)) {
    it(name, async () => {
      const { scopes, ...owned } = await owner(by)
      const { id, email } = owned
      const { key, row } = await keyOf(server, ownerOf(by, id), { scopes })
      expect(await judged(key), 'the control').to.equal('good')
      await end({ ...owned, key, row })
      expect(await until('the refusal', async () => (await judged(key)) === 'revoked')).to.equal(true)
      expect(await server.parts.apiKeys.list(ownerOf(by, id))).to.deep.equal([])
      expect(await server.parts.apiKeys.findLiving(key)).to.equal(undefined)
      const entries = await entriesOf(row)
      expect(entries.map(({ detail }) => detail)).to.deep.equal([{ jti: row.jti, why, name: row.name, audience: api }])
      expect(entries[0]).to.include(ownerOf(by, id))
      expect(await told(email)).to.equal(words ? 1 : 0)
      if (words)
        expect((await letterTo(server, email, 'api-key-ended')).text)
          .to.match(words)
          .and.contain('“A key” for Notes')
      // What is said of all is said of the seconds that follow as well.
      travel(skewSeconds + 1)
    })
  }

  it('is told of in one letter, however many there were', async () => {
    const { id, email } = await somebody()
    for (const name of ['laptop', 'desk', 'train']) await keyOf(server, { account: id }, { name })
    await server.parts.accounts.disable(email)
    const { subject, text } = await letterTo(server, email, 'api-key-ended')
    expect(subject).to.equal('API keys of yours were ended')
    for (const name of ['laptop', 'desk', 'train']) expect(text).to.contain(`“${name}” for Notes`)
    expect(await told(email)).to.equal(1)
  })

  it('is nothing that does not: another password alone, another role, somebody else’s end', async () => {
    const { id, email } = await somebody()
    const { key } = await keyOf(server, { account: id }, { scopes: ['notes:read', 'notes:delete'] })
    const { accounts } = server.parts
    await accounts.setPassword(email, `${password} again`)
    expect((await letterTo(server, email, 'password-changed')).text).to.contain('An API key of yours goes on as before')
    await accounts.setRoles(email, ['editor'])
    const other = await somebody()
    const { key: others } = await keyOf(server, { account: other.id })
    await accounts.disable(other.email)
    await until('the refusal', async () => (await judged(others)) === 'revoked')
    expect(await judged(key)).to.equal('good')
    expect(await server.parts.apiKeys.findLiving(key)).to.not.equal(undefined)
  })

  it('P02 a lost role leaves the keys that do without it', async () => {
    const { id, email } = await somebody()
    const { key: reading } = await keyOf(server, { account: id }, { name: 'reading' })
    const { key: deleting } = await keyOf(server, { account: id }, { name: 'deleting', scopes: ['notes:delete'] })
    await server.parts.accounts.setRoles(email, [])
    await until('the refusal', async () => (await judged(deleting)) === 'revoked')
    expect(await judged(reading)).to.equal('good')
    const { text } = await letterTo(server, email, 'api-key-ended')
    expect(text).to.contain('“deleting”').and.to.not.contain('“reading”')
  })

  it('P02 P07 comes back neither with the role nor with the account, and keys that are made then are good', async () => {
    const { id, email } = await somebody()
    const { accounts, apiKeys } = server.parts
    const { key: ofRole } = await keyOf(server, { account: id }, { scopes: ['notes:delete'] })
    await accounts.setRoles(email, [])
    const { key: ofAccount } = await keyOf(server, { account: id })
    await accounts.disable(email)
    travel(1)
    await accounts.enable(email)
    await accounts.setRoles(email, ['editor'])
    for (const key of [ofRole, ofAccount]) {
      await until('the refusal', async () => (await judged(key)) === 'revoked')
      expect(await apiKeys.findLiving(key)).to.equal(undefined)
    }
    expect(await apiKeys.list({ account: id })).to.deep.equal([])
    const { key } = await keyOf(server, { account: id }, { scopes: ['notes:delete'] })
    expect(await judged(key)).to.equal('good')
    expect(await apiKeys.findLiving(key)).to.not.equal(undefined)
  })

  it('tells of a key that was made, by words and not by the key', async () => {
    const { id, email } = await somebody()
    const { key } = await keyOf(server, { account: id }, { scopes: ['notes:read', 'notes:delete'] })
    const { text, html } = await letterTo(server, email, 'api-key-added')
    expect(text).to.contain('“A key” for Notes, good until ').and.contain('“Read your notes”, “Delete notes”')
    expect(linkOf({ text })).to.equal(`${server.issuer}/account/keys`)
    for (const part of key.split(/[._]/).filter((one) => one.length > 20)) expect(text + html).to.not.contain(part)
  })
})
