/**
 * API keys that are made at the very moment in which their owner's access ends, by way of another process: none is good afterwards, whoever was
 * quicker. The same with a store that looks before it leaps shows that it would be seen.
 */
import { Agent, request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { Refusal } from '../../src/base/errors.ts'
import { digest } from '../../src/crypto/derive.ts'
import type { KeyStore } from '../../src/store/store.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { pattern, takingKeys } from '../support/api-keys.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { password } from '../support/story.ts'

const rounds = 3
const runners = 8
const page = '/account/keys/new'
const settings = { ...takingKeys, apiKeys: { mostPerPerson: 1_000 } }

interface Person {
  email: string
  id: string
}

interface Outcome {
  /** Of the account. */
  id: string
  made: string[]
  refused: number
}

describe('API keys that are made while access ends', () => {
  /** They are made at the one, access ends at the other. */
  let server: TestServer
  let other: TestServer
  let people = 0
  before(async () => {
    server = await startTestServer({ settings })
    other = await startTestServer({ settings: { ...settings, issuer: server.issuer }, folder: server.folder })
  })
  after(async () => {
    await other.close()
    await server.close()
  })

  async function newPerson(): Promise<Person> {
    const email = `person${people++}@example.com`
    const { id } = await server.parts.accounts.add({ email, password, roles: ['editor'] })
    return { email, id }
  }

  const endings: Record<string, (person: Person) => Promise<unknown>> = {
    'P07 the account is disabled': ({ email }) => other.parts.accounts.disable(email),
    'P07 the account is removed': ({ email }) => other.parts.accounts.remove(email),
    'P02 a role is lost that the key needs': ({ email }) => other.parts.accounts.setRoles(email, []),
    'the password is replaced, and all keys with it': ({ email }) =>
      other.parts.accounts.setPassword(email, `${password} again`, { endKeys: true }),
  }

  /** Makes one after another as the page does, until there is nobody who may. */
  async function makes({ id }: Person, signedInAt: number, isOver: () => boolean, { made }: Outcome): Promise<number> {
    const { accounts, apiKeys, now } = server.parts
    while (true) {
      const account = await accounts.findSignedIn(id, signedInAt)
      if (!account) return 1
      const asked = { name: 'a key', audience: api, scopes: ['notes:delete'], expiresAt: now() + 9_999 }
      try {
        made.push((await apiKeys.mint({ account }, asked, {})).key)
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause
        return 1
      }
      if (isOver()) return 0
      await turn()
    }
  }

  async function race(end: (person: Person) => Promise<unknown>): Promise<Outcome> {
    const person = await newPerson()
    const outcome: Outcome = { id: person.id, made: [], refused: 0 }
    let over = false
    const making = Array.from({ length: runners }, () => makes(person, server.parts.now(), () => over, outcome))
    while (outcome.made.length < runners) await turn()
    await end(person)
    over = true
    outcome.refused = (await Promise.all(making)).reduce((sum, one) => sum + one, 0)
    return outcome
  }

  /** By what this server says, and by what everybody else reads. */
  async function isGood(key: string): Promise<boolean> {
    const { jti } = decodeJwt(key.slice('signet_'.length, -7))
    const said = await server.parts.store.revocations.find([{ kind: 'token', value: digest(jti as string) }])
    return said.length === 0 || (await server.parts.apiKeys.findLiving(key)) !== undefined
  }

  async function survivors({ made }: Pick<Outcome, 'made'>): Promise<number> {
    return (await Promise.all(made.map(isGood))).filter(Boolean).length
  }

  for (const [name, end] of Object.entries(endings))
    it(`are dead when ${name}`, async () => {
      for (let round = 0; round < rounds; round++) {
        const outcome = await race(end)
        expect(await survivors(outcome), `of ${outcome.made.length}`).to.equal(0)
        expect(outcome.refused, 'whoever comes later is refused').to.equal(runners)
        expect(await server.parts.store.keys.of({ account: outcome.id }, 100)).to.deep.equal([])
      }
    })

  it('P07 are dead when the account is disabled while its person sends the form of their page, on warm connections', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: runners, maxFreeSockets: runners })
    const send = (method: string, path: string, headers: Record<string, string | number>, body = '') =>
      new Promise<string>((resolve, reject) => {
        const sent = request({ agent, host: 'localhost', port: server.port, method, path, headers }, async (response) => {
          resolve((await response.setEncoding('utf8').toArray()).join(''))
        })
        sent.once('error', reject)
        sent.end(body)
      })
    try {
      await Promise.all(Array.from({ length: runners }, () => send('GET', '/health', {})))
      const { id, email } = await newPerson()
      const visitor = createVisitor(server.issuer)
      const { forms } = await visitor.submit(await visitor.open(page), '/sign-in', { email, password })
      const csrf = forms.find(({ action }) => action.endsWith(page))?.fields.filter(([name]) => name === 'csrf') ?? []
      const cookie = [...visitor.cookies].map(([name, { value }]) => `${name.split(' ')[0]}=${value}`).join('; ')
      const make = async (name: string) => {
        const fields = { name, api, scope: `${api} notes:delete`, end: '30', until: '' }
        const body = String(new URLSearchParams([...csrf, ...Object.entries(fields)]))
        const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
        return (await send('POST', page, headers, body)).match(pattern)?.[0]
      }
      const first = (await make('the first')) as string
      expect(await isGood(first), 'the control').to.equal(true)
      const making = Array.from({ length: runners }, (_, at) => make(`key ${at}`))
      await turn()
      await other.parts.accounts.disable(email)
      const made = [first, ...(await Promise.all(making))].filter((key) => key !== undefined)
      expect(await survivors({ made })).to.equal(0)
      expect(await server.parts.store.keys.of({ account: id }, 100)).to.deep.equal([])
    } finally {
      agent.destroy()
    }
  })

  it('the control: with a store that looks first, and then writes, some survive', async () => {
    const { keys, accounts } = server.parts.store
    const { add } = keys
    const naive: KeyStore['add'] = async (row, _, most) => {
      const found = await accounts.find(row.account as string)
      if (found?.disabledAt !== undefined) return false
      for (let thought = 0; thought < 30; thought++) await turn()
      return add(row, 'declared', most)
    }
    keys.add = naive
    try {
      let survived = 0
      for (let round = 0; round < 10 && survived === 0; round++)
        survived += await survivors(await race(endings['P07 the account is disabled']!))
      expect(survived).to.be.greaterThan(0)
    } finally {
      keys.add = add
    }
  })
})
