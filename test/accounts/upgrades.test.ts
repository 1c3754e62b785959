import { expect } from 'chai'
import { createUpgrades, type Upgrades } from '../../src/accounts/upgrades.ts'
import { createPasswords, type Passwords } from '../../src/crypto/passwords.ts'
import { openStore } from '../../src/store/open.ts'
import type { Account, Store } from '../../src/store/store.ts'
import { keptLog } from '../support/log.ts'
import { until } from '../support/until.ts'

const password = 'analytical engine'
const now = () => 1_700_000_000

describe('a hash of other work than today’s', () => {
  let store: Store
  let former: Passwords
  let passwords: Passwords
  let account: Account
  let upgrades: Upgrades
  const { log, lines } = keptLog()
  const hashOf = async () => (await store.accounts.find('ada'))!.passwordHash

  beforeEach(async () => {
    store = await openStore({ dataFolder: ':memory:', now })
    former = createPasswords()
    passwords = createPasswords({ work: { memoryKiB: 20_000, passes: 2 } })
    account = {
      id: 'ada',
      email: 'ada@example.com',
      emailKey: 'ada@example.com',
      name: 'Ada',
      passwordHash: await former.hash(password, { share: 'people' }),
      roles: [],
      claims: {},
      demo: false,
      createdAt: now(),
      credentialsVersion: 7,
    }
    await store.accounts.add(account)
    upgrades = createUpgrades({ accounts: store.accounts, passwords, log })
    lines.length = 0
  })
  afterEach(async () => {
    await Promise.all([former.close(), passwords.close()])
    await store.close()
  })

  it('is made anew, of the same password, and nothing else of the account changes', async () => {
    upgrades.begin(account, password)
    const next = await until('the hash', async () => (await hashOf()) !== account.passwordHash && hashOf())
    expect(next).to.match(/^\$argon2id\$v=19\$m=20000,t=2,p=1\$/)
    expect(await passwords.compare(password, next)).to.deep.equal({ matches: true, outdated: false })
    expect(await store.accounts.find('ada')).to.deep.equal({ ...account, passwordHash: next })
  })

  it('is made anew once, however often its person signs in at that moment', async () => {
    for (let n = 0; n < 200; n++) upgrades.begin(account, password)
    await until('the hash', async () => passwords.waiting === 0 && (await hashOf()) !== account.passwordHash)
    expect(passwords.computed).to.equal(1)
  })

  it('does not come back when the password was changed meanwhile', async () => {
    upgrades.begin(account, password)
    await store.accounts.changeIf('ada', 7, { passwordHash: 'of another password', credentialsVersion: 8 })
    await until('the end', () => passwords.computed === 1 && passwords.waiting === 0)
    await store.check()
    expect(await hashOf()).to.equal('of another password')
  })

  it('is left to the next sign-in when there is no room, and when the server stops', async () => {
    await passwords.close()
    upgrades.begin(account, password)
    await until('the end', () => passwords.waiting === 0)
    expect(await hashOf()).to.equal(account.passwordHash)
    expect(lines).to.deep.equal([])
  })

  it('is told of when it cannot be written, without the password', async () => {
    const failing = { replaceHash: () => Promise.reject(new Error('no disk')) }
    createUpgrades({ accounts: failing, passwords, log }).begin(account, password)
    const [line] = await until('the line', () => lines.length > 0 && lines)
    expect(line).to.include({ level: 'error', event: 'account.hash_not_upgraded', subject: 'ada' })
    expect(JSON.stringify(lines)).not.to.include(password)
  })
})
