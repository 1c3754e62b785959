import { expect } from 'chai'
import { type Accounts, createAccounts } from '../../src/accounts/account.ts'
import { claimsOf } from '../../src/accounts/claims.ts'
import { createPasswordPolicy } from '../../src/accounts/password-policy.ts'
import { createTombstones } from '../../src/accounts/tombstones.ts'
import { createUpgrades } from '../../src/accounts/upgrades.ts'
import { silentLog } from '../../src/base/log.ts'
import { createPasswords, type Passwords } from '../../src/crypto/passwords.ts'
import type { Letter } from '../../src/mail/letters.ts'
import { openStore } from '../../src/store/open.ts'
import type { Artifact, Store } from '../../src/store/store.ts'
import { refusalOf } from '../store/place.ts'
import { noKeys } from '../support/api-keys.ts'
import { auditOf } from '../support/audit.ts'

const now = () => 1_700_000_000
const email = 'Ada@Example.com'
const password = 'analytical engine'

describe('accounts', () => {
  let store: Store
  let passwords: Passwords
  let accounts: Accounts
  let owed: Letter[]
  beforeEach(async () => {
    store = await openStore({ dataFolder: ':memory:', now })
    passwords = createPasswords()
    owed = []
    accounts = createAccounts({
      store,
      passwords,
      upgrades: createUpgrades({ accounts: store.accounts, passwords, log: silentLog }),
      checkPassword: createPasswordPolicy({ passwords, shortest: 8, site: 'Signet' }),
      tombstones: createTombstones([Buffer.alloc(32)]),
      roles: ['editor', 'admin'],
      audit: auditOf(store, now),
      apiKeys: noKeys,
      mailer: { owe: async (letter) => void owed.push(letter) },
      issuer: 'https://id.example.com',
      now,
    })
  })
  afterEach(async () => {
    await passwords.close()
    await store.close()
  })

  async function signedInEverywhere(account: string): Promise<() => Promise<number>> {
    const row = (model: string): Artifact => ({ model, id: model, payload: 'p', expiresAt: now() + 60, account })
    const durable = ['Session', 'Grant', 'RefreshToken', 'AuthorizationCode']
    for (const model of durable) await store.artifacts.put(row(model))
    await store.volatile.put(row('DeviceCode'))
    return async () => {
      const found = await Promise.all([
        ...durable.map((model) => store.artifacts.find(model, model)),
        store.volatile.find('DeviceCode', 'DeviceCode'),
      ])
      return found.filter(Boolean).length
    }
  }

  it('are added with the address as typed, a random subject and no password', async () => {
    const account = await accounts.add({ email: ` ${email} `, password, roles: ['editor', 'editor'] })
    expect(account).to.include({ email, emailKey: 'ada@example.com', name: 'ada', demo: false, createdAt: now() })
    expect(account.roles).to.deep.equal(['editor'])
    expect(account.id).to.match(/^[A-Za-z0-9_-]{22}$/)
    expect(JSON.stringify(await store.accounts.list(10))).not.to.include(password)
    expect(await accounts.findActive(account.id)).to.deep.equal(account)
    expect((await accounts.add({ email: 'grace@example.com', password, name: 'Grace Hopper' })).name).to.equal('Grace Hopper')
  })

  it('L12: are not added twice under two spellings of one address', async () => {
    await accounts.add({ email, password })
    for (const same of [email, 'ADA@EXAMPLE.COM', 'ａda@example.com', 'ada@exam\u00adple.com']) {
      expect(await refusalOf(accounts.add({ email: same, password }))).to.include({ code: 'email_taken', status: 409 })
      expect((await accounts.findByEmail(same))?.email).to.equal(email)
    }
  })

  it('L15: are added once when asked twenty times at once', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => accounts.add({ email, password })))
    expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    expect(await store.accounts.list(10)).to.have.length(1)
  })

  for (const [code, bad] of [
    ['invalid_email', { email: 'ada' }],
    ['weak_password', { password: 'seven77' }],
    ['weak_password', { password: '' }],
    ['password_too_long', { password: 'x'.repeat(1_025) }],
    ['unknown_role', { roles: ['editor', 'nobody'] }],
    ['unknown_role', { roles: ['constructor'] }],
  ] as const) {
    it(`are not added with ${JSON.stringify(bad).slice(0, 60)}: ${code}`, async () => {
      const wanted = { email, password, ...bad, roles: 'roles' in bad ? [...bad.roles] : [] }
      expect((await refusalOf(accounts.add(wanted))).code).to.equal(code)
      expect(await store.accounts.list(10)).to.deep.equal([])
      await accounts.add({ email, password: 'eight 8 tulip', roles: ['editor'] })
    })
  }

  it('L07: say yes to the right password alone, and work as much for every no', async () => {
    const { id } = await accounts.add({ email, password })
    await accounts.add({ email: 'gone@example.com', password })
    await accounts.disable('gone@example.com')
    const attempt = async (who: string, what: string) => {
      const before = passwords.computed
      const found = await accounts.authenticate(who, what)
      return [found?.id, passwords.computed - before]
    }
    expect(await attempt('ada@example.com', password)).to.deep.equal([id, 1])
    for (const [who, what] of [
      [email, 'wrong'],
      [email, ''],
      [email, `${password} `],
      [email, password.toUpperCase()],
      ['nobody@example.com', password],
      ['gone@example.com', password],
      ['no address', password],
      ['', ''],
    ] as const)
      expect(await attempt(who, what), `${who} ${what}`).to.deep.equal([undefined, 1])
  })

  it('change roles to those of the settings alone', async () => {
    const { id } = await accounts.add({ email, password, roles: ['admin'] })
    expect((await accounts.setRoles('ada@example.com', ['editor', 'editor'])).roles).to.deep.equal(['editor'])
    expect((await refusalOf(accounts.setRoles(email, ['owner']))).code).to.equal('unknown_role')
    expect((await accounts.findActive(id))?.roles).to.deep.equal(['editor'])
    await accounts.setRoles(email, [])
    expect((await accounts.findActive(id))?.roles).to.deep.equal([])
  })

  it('S09: are out everywhere at once when disabled, and come back with nothing open', async () => {
    const { id } = await accounts.add({ email, password })
    const stillOpen = await signedInEverywhere(id)
    expect(await stillOpen()).to.equal(5)
    await accounts.disable(email)
    expect(await stillOpen()).to.equal(0)
    expect(await accounts.findActive(id)).to.equal(undefined)
    await accounts.enable(email)
    expect((await accounts.authenticate(email, password))?.id).to.equal(id)
    expect(await stillOpen()).to.equal(0)
  })

  it('S09: are out everywhere at once when removed, and their address is anybody’s again', async () => {
    const { id } = await accounts.add({ email, password })
    const stillOpen = await signedInEverywhere(id)
    await accounts.remove('ada@example.com')
    expect(await stillOpen()).to.equal(0)
    expect(await accounts.findSignedIn(id, now() + 60)).to.equal(undefined)
    expect(await accounts.authenticate(email, password)).to.equal(undefined)
    expect((await accounts.add({ email, password })).id).not.to.equal(id)
  })

  it('are removed once when ten do it at once: one entry, one letter, and the others are told', async () => {
    const { id } = await accounts.add({ email, password, name: 'Ada' })
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => accounts.remove(email)))
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []))
    expect(refused).to.deep.equal(Array(9).fill('unknown_account'))
    const entries = await store.audit.list({ act: 'account.removed' }, 20)
    expect(entries.map(({ account, detail }) => ({ account, detail }))).to.deep.equal([{ account: id, detail: {} }])
    expect(owed[0]).to.deep.equal({ kind: 'account-deleted', to: email, model: { name: 'Ada', at: now(), by: 'operator' } })
  })

  it('S08: are out everywhere at once when the password changes, and the old one is dead', async () => {
    const { id } = await accounts.add({ email, password })
    const stillOpen = await signedInEverywhere(id)
    expect((await refusalOf(accounts.setPassword(email, 'short'))).code).to.equal('weak_password')
    expect(await stillOpen()).to.equal(5)
    await accounts.setPassword(email, 'difference engine')
    expect(await stillOpen()).to.equal(0)
    expect(await accounts.authenticate(email, password)).to.equal(undefined)
    expect((await accounts.authenticate(email, 'difference engine'))?.id).to.equal(id)
  })

  it('have other credentials after each change of the password, by whom it is made last', async () => {
    const { id, credentialsVersion } = await accounts.add({ email, password })
    const versions = new Set([credentialsVersion])
    for (const next of ['difference engine', 'difference engine']) {
      await accounts.setPassword(email, next)
      versions.add((await accounts.findActive(id))!.credentialsVersion)
    }
    await accounts.disable(email)
    await accounts.enable(email)
    versions.add((await accounts.findActive(id))!.credentialsVersion)
    expect(versions.size).to.equal(4)
    await accounts.setRoles(email, ['editor'])
    await accounts.setClaims(email, { nickname: 'Ada', email_verified: true })
    const { passwordHash } = (await accounts.findActive(id))!
    await store.accounts.replaceHash(id, passwordHash, await passwords.hash('difference engine', { share: 'people' }))
    expect(versions.has((await accounts.findActive(id))!.credentialsVersion)).to.equal(true)
  })

  it('change their password once when ten do it at once, and the others are told', async () => {
    const { id } = await accounts.add({ email, password })
    const next = (i: number) => `difference engine ${i}`
    const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => accounts.setPassword(email, next(i))))
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []))
    expect(refused).to.deep.equal(Array(9).fill('changed_meanwhile'))
    const won = answers.findIndex(({ status }) => status === 'fulfilled')
    expect((await accounts.authenticate(email, next(won)))?.id).to.equal(id)
    const entries = await store.audit.list({ act: 'account.password_set' }, 20)
    expect(entries).to.have.length(1)
  })

  it('have an address that counts as confirmed from when that is said until it is taken back', async () => {
    const { id } = await accounts.add({ email, password })
    const isVerified = async () => claimsOf((await accounts.findActive(id))!).email_verified
    expect(await isVerified()).to.equal(false)
    await accounts.setClaims(email, { nickname: 'Ada' })
    expect(await isVerified()).to.equal(false)
    await accounts.setClaims(email, { email_verified: true })
    expect(await isVerified()).to.equal(true)
    await accounts.setClaims(email, { nickname: 'Ada' })
    expect(await isVerified()).to.equal(true)
    await accounts.setClaims(email, { email_verified: false })
    expect(await isVerified()).to.equal(false)
    const sure = await accounts.add({ email: 'grace@example.com', password, claims: { email_verified: true } })
    expect(sure).to.include({ emailVerifiedAt: now() })
    expect(sure.claims).to.deep.equal({})
  })

  it('leave others alone', async () => {
    const { id } = await accounts.add({ email: 'grace@example.com', password })
    await accounts.add({ email, password })
    const stillOpen = await signedInEverywhere(id)
    await accounts.disable(email)
    await accounts.setPassword(email, 'difference engine')
    expect(await stillOpen()).to.equal(5)
  })

  it('cannot be changed when they do not exist', async () => {
    for (const call of [
      () => accounts.setRoles(email, []),
      () => accounts.disable(email),
      () => accounts.enable(email),
      () => accounts.remove(email),
      () => accounts.setPassword(email, password),
    ])
      expect(await refusalOf(call())).to.include({ code: 'unknown_account', status: 404 })
  })
})
