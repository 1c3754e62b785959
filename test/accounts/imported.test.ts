import { expect } from 'chai'
import { addImported, importedAccount } from '../../src/accounts/imported.ts'
import { noPassword } from '../../src/crypto/no-password.ts'
import { openStore } from '../../src/store/open.ts'
import { refusalOf } from '../store/place.ts'
import { auditOf } from '../support/audit.ts'

const now = () => 1_700_000_000
const hash = '$2b$05$9KPzjEtW02Yw0e/85MXDROEHv1Y33NXUyfYBrRn.VsuOQBNZXJZma'
const email = 'Ada@Example.com'
const read = (given: unknown) => importedAccount(given, { roles: ['editor', 'admin'], now })

describe('a person of another system', () => {
  it('needs an address and a hash, and is as the other system has them', () => {
    expect(read({ email: ` ${email} `, hash })).to.deep.include({
      email,
      emailKey: 'ada@example.com',
      name: 'ada',
      passwordHash: hash,
      roles: [],
      claims: {},
      demo: false,
      createdAt: now(),
    })
    const whole = {
      email,
      hash: '!',
      name: ' Ada Lovelace ',
      roles: ['editor', 'editor'],
      claims: { nickname: 'Ada' },
      email_verified: true,
      created: '2019-03-01T12:00:00+01:00',
      disabled: true,
    }
    expect(read(whole)).to.deep.include({
      name: 'Ada Lovelace',
      passwordHash: noPassword,
      roles: ['editor'],
      claims: { nickname: 'Ada' },
      emailVerifiedAt: now(),
      createdAt: 1_551_438_000,
      disabledAt: now(),
    })
    expect(read({ email, hash, created: 1_551_438_000 }).createdAt).to.equal(1_551_438_000)
    expect(read({ email, hash, created: 4_000_000_000 }).createdAt).to.equal(now())
    expect(read({ email, hash, claims: { email_verified: true } })).to.deep.include({ claims: {}, emailVerifiedAt: now() })
    expect(read({ email, hash })).not.to.have.any.keys('emailVerifiedAt', 'disabledAt')
  })

  it('has a subject and a version of their own', () => {
    const [one, other] = [read({ email, hash }), read({ email, hash })]
    expect(one.id)
      .to.match(/^[\w-]{22}$/)
      .and.not.to.equal(other.id)
    expect(one.credentialsVersion).not.to.equal(other.credentialsVersion)
  })

  for (const [code, sentence, bad] of [
    ['invalid_person', /./, null],
    ['invalid_person', /./, []],
    ['invalid_person', /./, 'ada'],
    ['invalid_person', /email.*; .*hash|hash.*; .*email/, {}],
    ['invalid_person', /password/, { email, hash, password: 'x' }],
    ['invalid_person', /shoe_size/, { email, hash, claims: { shoe_size: 37 } }],
    ['invalid_person', /created: has to be/, { email, hash, created: 'yesterday' }],
    ['invalid_person', /created: has to be/, { email, hash, created: -1 }],
    ['invalid_person', /email_verified/, { email, hash, email_verified: 'yes' }],
    ['invalid_person', /name/, { email, hash, name: ' ' }],
    ['invalid_person', /name: has no control/, { email, hash, name: 'Ada\nLovelace' }],
    ['invalid_person', /hash/, { email, hash: 'x'.repeat(1_025) }],
    ['invalid_email', /not an e-mail address/, { email: 'ada', hash }],
    ['unknown_role', /"owner"/, { email, hash, roles: ['owner'] }],
    ['unknown_role', /"constructor"/, { email, hash, roles: ['constructor'] }],
    ['unknown_hash', /no hash/, { email, hash: 'analytical engine' }],
    ['costly_hash', /at most 14/, { email, hash: hash.replace('05', '31') }],
  ] as [string, RegExp, unknown][])
    it(`is refused, by ${code}: ${JSON.stringify(bad).slice(0, 70)}`, async () => {
      const refusal = await refusalOf(Promise.try(read, bad))
      expect(refusal.code).to.equal(code)
      expect(refusal.message).to.match(sentence)
    })

  it('is added once, with an entry in the audit log, and whoever was here stays as they were', async () => {
    const store = await openStore({ dataFolder: ':memory:', now })
    try {
      const parts = { accounts: store.accounts, audit: auditOf(store, now) }
      const first = read({ email, hash, roles: ['editor'] })
      expect(await addImported(parts, [first, read({ email: 'ADA@example.com', hash: '!' })])).to.equal(1)
      expect(await addImported(parts, [read({ email, hash: '!' }), read({ email: 'grace@example.com', hash })])).to.equal(1)
      expect(await store.accounts.findByEmailKey('ada@example.com')).to.deep.equal(first)
      const entries = await store.audit.list({ act: 'account.added' }, 10)
      expect(entries).to.have.length(2)
      expect(entries.find(({ account }) => account === first.id)?.detail).to.deep.equal({ roles: ['editor'], imported: true })
    } finally {
      await store.close()
    }
  })
})
