/** Passwords over HTTP: how long they may be, and that what was hashed otherwise is let in and hashed anew. */
import { hash } from '@node-rs/argon2'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, password, pkce } from '../support/story.ts'
import { until } from '../support/until.ts'

const characters = (length: number) =>
  Array.from({ length }, (_, at) => String.fromCodePoint(0x1f400 + ((at * 37) % 60))).join('')

describe('passwords', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server?.close())

  const hashOf = async (email: string) => (await server.parts.store.accounts.findByEmailKey(email))!.passwordHash

  async function signIn(email: string, given: string): Promise<number> {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, who.web.id, pkce().challenge))
    return (await visitor.submit(page, '/sign-in', { email, password: given })).status
  }

  /** An account whose hash is not of today. */
  async function withHash(email: string, passwordHash: string): Promise<void> {
    const { id } = await server.parts.accounts.add({ email, password })
    await server.parts.store.accounts.replaceHash(id, await hashOf(email), passwordHash)
  }

  for (const length of [64, 256])
    it(`L09: of ${length} characters, of four bytes each, are chosen and sign in`, async () => {
      const email = `long-${length}@example.com`
      await server.parts.accounts.add({ email, password: characters(length) })
      expect(await signIn(email, characters(length))).to.equal(200)
      expect(await signIn(email, characters(length - 1))).to.equal(422)
    })

  for (const [length, status] of [
    [1_025, 400],
    [15_000, 400],
    [20_000, 413],
    [1_000_000, 413],
  ] as const)
    it(`L09: of ${length} characters are answered ${status} before anything is hashed, whoever it is`, async () => {
      const before = server.parts.passwords.computed
      for (const email of [who.email, 'nobody@example.com']) expect(await signIn(email, 'x'.repeat(length))).to.equal(status)
      expect(server.parts.passwords.computed).to.equal(before)
    })

  for (const [what, typed] of [
    ['longer than one that can be chosen now', 'x'.repeat(300)],
    ['not in the form in which they are hashed now', 'A\u030angstro\u0308m, every day'],
  ] as const)
    it(`that are ${what} sign in as before, and are hashed as all others from then on`, async () => {
      const email = `former-${typed.length}@example.com`
      await withHash(email, await hash(typed, { memoryCost: 8_192, timeCost: 1, parallelism: 1 }))
      const former = await hashOf(email)
      expect(await signIn(email, `${typed}#`)).to.equal(422)
      expect(await signIn(email, typed)).to.equal(200)
      const next = await until('the hash', async () => (await hashOf(email)) !== former && hashOf(email))
      expect(next).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      for (const form of [typed, typed.normalize('NFKC')]) expect(await signIn(email, form)).to.equal(200)
    })

  it('are hashed anew when the settings want more work, and a person needs no second sign-in for it', async () => {
    await server.close()
    server = await startTestServer({ folder: server.folder, settings: { passwords: { passes: 3 } } })
    const former = await hashOf(who.email)
    expect(await signIn(who.email, password)).to.equal(200)
    const next = await until('the hash', async () => (await hashOf(who.email)) !== former && hashOf(who.email))
    expect(next).to.match(/^\$argon2id\$v=19\$m=19456,t=3,p=1\$/)
    expect(await signIn(who.email, password)).to.equal(200)
    expect(await hashOf(who.email)).to.equal(next)
  })
})
