/** Vectors by the systems themselves: `test/vectors/make-hashes.py`. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { acceptedHash } from '../../src/crypto/foreign-hashes.ts'
import { noPassword } from '../../src/crypto/no-password.ts'
import { createPasswords, type Passwords } from '../../src/crypto/passwords.ts'
import { refusalOf } from './folder.ts'

interface Vector {
  system: string
  password: string
  hash: string
}

const file = path.resolve(import.meta.dirname, '../vectors/hashes.json')
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }
const usable = vectors.filter(({ password }) => password !== '')
const bcrypt = '$2b$05$9KPzjEtW02Yw0e/85MXDROEHv1Y33NXUyfYBrRn.VsuOQBNZXJZma'

describe('a hash of another system', () => {
  let passwords: Passwords
  before(() => {
    passwords = createPasswords()
  })
  after(() => passwords.close())

  it('is of every system that is said to be read', () => {
    const systems = new Set(vectors.map(({ system }) => system.replace(/,.*/, '')))
    expect([...systems].sort()).to.deep.equal(
      ['argon2', 'bcrypt', 'bcrypt_sha256', 'pbkdf2_sha1', 'pbkdf2_sha256', 'scrypt']
        .map((name) => `Django ${name}`)
        .concat('Django', 'bcrypt 2a', 'bcrypt 2b', 'htpasswd -B', 'passlib scrypt')
        .concat('argon2-cffi argon2d', 'argon2-cffi argon2i', 'argon2-cffi argon2id')
        .sort(),
    )
    expect(vectors.length).to.be.at.least(50)
  })

  for (const { system, password, hash } of usable)
    it(`lets in its password alone, and is outdated: ${system}, ${hash.slice(0, 36)}…`, async () => {
      const kept = acceptedHash(hash)
      expect(await passwords.compare(password, kept)).to.deep.equal({ matches: true, outdated: true })
      for (const wrong of [`#${password}`, password.slice(0, -1), ''])
        expect(await passwords.matches(wrong, kept), wrong).to.equal(false)
    })

  it('of bcrypt is verified as its system did: by the first 72 bytes of a password', async () => {
    const { hash } = usable.find(({ system, password }) => system === 'htpasswd -B' && password.length === 72)!
    expect(await passwords.matches('x'.repeat(80), hash)).to.equal(true)
    expect(await passwords.matches('x'.repeat(71), hash)).to.equal(false)
    const sha256 = usable.find(({ system, password }) => system === 'Django bcrypt_sha256' && password.length === 72)!
    expect(await passwords.matches('x'.repeat(80), sha256.hash)).to.equal(false)
  })

  for (const unusable of ['!', '!uJSmygaB2M0obKyrIPdxbQVaAK2wqO3gmcSMNs9G', '*', '*0'])
    it(`that nothing matches is kept as none: ${unusable}`, () => expect(acceptedHash(unusable)).to.equal(noPassword))

  it('that its own library does not take is matched by nothing, at the work of one of ours', async () => {
    for (const hash of [
      `scrypt$65536$salt$1$1$${'A'.repeat(86)}==`,
      `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(13)}$${'A'.repeat(43)}`,
    ])
      expect(await passwords.compare('analytical engine', hash), hash).to.deep.equal({ matches: false, outdated: false })
  })

  it('is kept as it was written, but for Django’s name before argon2', () => {
    for (const { hash, system } of usable)
      expect(acceptedHash(hash)).to.equal(system.startsWith('Django argon2') ? hash.slice('argon2'.length) : hash)
  })

  const key = `${'A'.repeat(86)}==`
  const salt = 'c2FsdHNhbHRzYWx0'
  for (const [code, sentence, hash] of [
    ['costly_hash', /cost of bcrypt .* is 15: at most 14/, bcrypt.replace('$05$', '$15$')],
    ['costly_hash', /iterations .* is 1099511627776: at most 5000000/, `pbkdf2_sha256$${2 ** 40}$salt$${'A'.repeat(43)}=`],
    ['costly_hash', /memory of scrypt/, `scrypt$1048576$salt$8$1$${key}`],
    ['costly_hash', /work of scrypt/, `scrypt$16384$salt$8$17$${key}`],
    ['costly_hash', /memory of scrypt/, `$scrypt$ln=63,r=8,p=1$${salt}$${'A'.repeat(43)}`],
    ['costly_hash', /memory of argon2 in KiB of/, `$argon2id$v=19$m=2097152,t=1,p=4$${salt}$${'A'.repeat(43)}`],
    ['costly_hash', /times its passes/, `argon2$argon2id$v=19$m=102400,t=11,p=8$${salt}$${'A'.repeat(43)}`],
    ['costly_hash', /lanes/, `$argon2id$v=19$m=19456,t=2,p=17$${salt}$${'A'.repeat(43)}`],
    ['unknown_hash', /parameters/, `$argon2id$v=19$m=19456,t=0,p=1$${salt}$${'A'.repeat(43)}`],
    ['unknown_hash', /parameters/, `$argon2id$v=19$m=1,t=2,p=1$${salt}$${'A'.repeat(43)}`],
    ['unknown_hash', /parameters/, `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(13)}$${'A'.repeat(43)}`],
    ['unknown_hash', /parameters/, `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(11)}$${'A'.repeat(17)}`],
    ['unknown_hash', /parameters/, `scrypt$65536$salt$1$1$${key}`],
    ['unknown_hash', /parameters/, `scrypt$16383$salt$8$1$${key}`],
    ['unknown_hash', /parameters/, `scrypt$0$salt$8$1$${key}`],
    ['unknown_hash', /parameters/, `scrypt$16384$salt$0$1$${key}`],
    ['unknown_hash', /no hash/, ''],
    ['unknown_hash', /no hash/, 'analytical engine'],
    ['unknown_hash', /no hash/, '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['unknown_hash', /no hash/, `md5$salt$${'a'.repeat(32)}`],
    ['unknown_hash', /no hash/, bcrypt.replace('$2b$', '$2x$')],
    ['unknown_hash', /no hash/, `${bcrypt}A`],
    ['unknown_hash', /no hash/, ` ${bcrypt}`],
    ['unknown_hash', /no hash/, `${bcrypt}\n`],
    ['unknown_hash', /no hash/, `pbkdf2_sha256$0$salt$${'A'.repeat(43)}=`],
    ['unknown_hash', /no hash/, `pbkdf2_md5$1000$salt$${'A'.repeat(43)}=`],
    ['unknown_hash', /no hash/, `$argon2id$m=19456,t=2,p=1$${salt}$${'A'.repeat(43)}`],
  ] as [string, RegExp, string][])
    it(`is refused, by ${code}: ${hash.slice(0, 60)}`, async () => {
      const refusal = await refusalOf(async () => acceptedHash(hash))
      expect(refusal.code).to.equal(code)
      expect(refusal.message).to.match(sentence)
    })
})
