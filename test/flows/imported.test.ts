/** People who come from another system sign in with the password that they had there. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { addImported, importedAccount } from '../../src/accounts/imported.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, pkce } from '../support/story.ts'
import { until } from '../support/until.ts'

const file = path.resolve(import.meta.dirname, '../vectors/hashes.json')
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: { system: string; password: string; hash: string }[] }
const systems = ['Django pbkdf2_sha256', 'Django bcrypt_sha256', 'htpasswd -B', 'passlib scrypt', 'argon2-cffi argon2id']

describe('a person who comes from another system', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    const { store, audit, now } = server.parts
    const people = systems.map((system, at) => ({ email: `person${at}@example.com`, hash: vectorOf(system).hash }))
    const accounts = [...people, { email: 'none@example.com', hash: '!' }].map((one) => importedAccount(one, { roles: [], now }))
    await addImported({ accounts: store.accounts, audit }, accounts)
  })
  after(() => server?.close())

  const vectorOf = (system: string) => vectors.find((one) => one.system === system)!
  const rowOf = async (email: string) => (await server.parts.store.accounts.findByEmailKey(email))!

  async function signIn(email: string, password: string): Promise<number> {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, who.web.id, pkce().challenge))
    return (await visitor.submit(page, '/sign-in', { email, password })).status
  }

  for (const [at, system] of systems.entries())
    it(`signs in with the password of before, which is hashed here from then on: ${system}`, async () => {
      const email = `person${at}@example.com`
      const { password } = vectorOf(system)
      const before = await rowOf(email)
      expect(await signIn(email, `${password}#`)).to.equal(422)
      expect((await rowOf(email)).passwordHash).to.equal(before.passwordHash)
      expect(await signIn(email, password)).to.equal(200)
      const passwordHash = await until('the hash', async () => {
        const { passwordHash } = await rowOf(email)
        return passwordHash !== before.passwordHash && passwordHash
      })
      expect(passwordHash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      expect(await rowOf(email)).to.deep.equal({ ...before, passwordHash })
      expect(await signIn(email, password)).to.equal(200)
      expect((await rowOf(email)).passwordHash).to.equal(passwordHash)
    })

  it('L07: has no password that lets in without one, at the cost of a hash', async () => {
    for (const password of ['!', '', 'analytical engine']) {
      const before = server.parts.passwords.computed
      expect(await signIn('none@example.com', password)).to.equal(422)
      expect(server.parts.passwords.computed - before).to.equal(1)
    }
  })
})
