/** A thousand people who sign up with a password and never open their letter, and a thousand who ask for another password: over HTTP. */
import { expect } from 'chai'
import { linkKinds } from '../../src/tokens/links.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { progressOf } from '../support/progress.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast } from '../support/story.ts'
import { rowsOf, sendAll } from '../support/strangers.ts'
import { scaled } from './scale.ts'

const times = scaled(1_000)
const person = { name: 'Grace Hopper', password: 'four words of no kin' }

describe(`${times} letters that strangers ask for`, () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ settings: { registration: { open: true, password: 'before' } } })
    who = await cast(server)
  })
  after(() => server.close())

  /** Posts the form of a page so many times, each with an address of its own or, every second time, of somebody who has an account. */
  async function ask(path: string, typed: Record<string, string>): Promise<number[]> {
    const { fields } = (await createVisitor(server.issuer).open(path)).forms[0]!
    const csrf = fields.filter(([field]) => field === 'csrf')
    const statuses: number[] = []
    let asked = 0
    const one = async () => {
      const email = asked++ % 2 ? who.email : `stranger-${asked}@example.com`
      const body = new URLSearchParams([...csrf, ...Object.entries({ ...typed, email })])
      const answer = await fetch(server.issuer + path, { method: 'POST', body })
      statuses.push(answer.status)
      await answer.arrayBuffer()
    }
    await sendAll({ one }, times, progressOf('letters', times))
    return statuses
  }

  it('to sign up, with a password that is hashed, leave every table as it was', async function () {
    this.timeout(0)
    const before = rowsOf(server)
    const hashesBefore = server.parts.passwords.computed
    const statuses = await ask('/sign-up', person)
    expect(statuses.filter((status) => status === 200)).to.have.length(times)
    expect(server.parts.passwords.computed - hashesBefore).to.equal(times)
    expect(rowsOf(server)).to.deep.equal(before)
    for (let i = 0; i < times; i++) await server.parts.accounts.add({ email: `naive-${i}@example.com`, ...person })
    expect(rowsOf(server), 'the control, which keeps who asks').to.deep.equal({
      ...before,
      'durable accounts': before['durable accounts']! + times,
      'durable audit': before['durable audit']! + times,
    })
  })

  it('to choose another password leave every table as it was', async function () {
    this.timeout(0)
    const before = rowsOf(server)
    const statuses = await ask('/recovery', {})
    expect(statuses.filter((status) => status === 200)).to.have.length(times)
    expect(rowsOf(server)).to.deep.equal(before)
    const { artifacts } = server.parts.store
    const expiresAt = Math.floor(Date.now() / 1_000) + linkKinds.recovery.lifetimeSeconds
    for (let i = 0; i < times; i++) await artifacts.put({ model: 'Recovery', id: `naive-${i}`, payload: who.email, expiresAt })
    expect(rowsOf(server), 'the control, which keeps the secret of each link').to.deep.equal({
      ...before,
      'durable artifacts': before['durable artifacts']! + times,
    })
  })
})
