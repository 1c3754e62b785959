/** X06: two hundred people sign in at the same moment. A hash takes 19 MB and a core; all at once they would take four gigabytes. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Served, startServed } from '../support/served.ts'
import { authorizationUrl, cast, pkce, signInPost, token } from '../support/story.ts'

const people = 200

interface Answer {
  isRight: boolean
  status: number
  retryAfter: string | null
}

describe('X06: a flood of sign-ins', function () {
  this.timeout(120_000)
  let served: Served
  let answers: Answer[]
  let tokens: number[]
  let megabytes: { before: number; peak: number }
  let afterwards: number

  const memory = (field: 'VmRSS' | 'VmHWM') =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${served.child.pid}/status`, 'utf8'))?.[1]) / 1024

  before(async () => {
    served = await startServed()
    const who = await cast(served)
    const sign = async (isRight: boolean, email: string): Promise<Answer> => {
      const visitor = createVisitor(served.issuer)
      const page = await visitor.open(authorizationUrl(served.issuer, 'web', pkce().challenge))
      await everybodyIsThere(people)
      const { action, body } = signInPost(page, email)
      const { status, headers } = await visitor.fetch(action, { method: 'POST', body })
      return { isRight, status, retryAfter: headers.get('retry-after') }
    }
    const arrived: (() => void)[] = []
    const everybodyIsThere = (all: number) =>
      new Promise<void>((go) => {
        arrived.push(go)
        if (arrived.length === all) for (const one of arrived) one()
      })
    let under = true
    const before = memory('VmRSS')
    const flood = Promise.all(
      Array.from({ length: people }, (_, n) => sign(n % 4 > 0, n % 4 > 0 ? who.email : `nobody-${n}@example.com`)),
    ).finally(() => {
      under = false
    })
    tokens = []
    while (under)
      tokens.push((await token(served, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).status)
    answers = await flood
    megabytes = { before, peak: memory('VmHWM') }
    arrived.length = 0
    const visitor = createVisitor(served.issuer)
    const page = await visitor.open(authorizationUrl(served.issuer, 'web', pkce().challenge))
    const { action, body } = signInPost(page, who.email)
    afterwards = (await visitor.fetch(action, { method: 'POST', body })).status
  })
  after(() => served?.close())

  it('lets in whoever has the right password, or asks them to come back, and does nothing else', () => {
    const right = answers.filter(({ isRight }) => isRight).map(({ status }) => status)
    expect(right).to.have.length((3 * people) / 4)
    expect([...new Set(right)].sort()).to.deep.equal([303, 503])
  })
  it('lets in, refuses or asks to come back, and nothing else', () => {
    expect([...new Set(answers.map(({ status }) => status))].sort()).to.deep.equal([303, 422, 503])
    for (const { status, retryAfter } of answers) expect(retryAfter, `${status}`).to.equal(status === 503 ? '1' : null)
  })
  it('goes on with tokens meanwhile', () => {
    expect(tokens).to.have.length.greaterThan(10)
    expect(new Set(tokens)).to.deep.equal(new Set([200]))
  })
  it('takes memory for one hash, not for two hundred', () => {
    expect(megabytes.peak - megabytes.before).to.be.lessThan(200)
  })
  it('lets people in again when it is over', () => {
    expect(afterwards).to.equal(303)
  })
})
