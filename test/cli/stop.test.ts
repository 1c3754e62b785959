/** X12: a server that is asked to stop while it is busy. Whole processes, one and a cluster of two, and the real exit. */
import { readdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { type Served, startServed } from '../support/served.ts'
import { temporaryFolder } from '../support/server.ts'
import { authorizationUrl, basic, cast, pkce, refresh, signInPost, tokensFor } from '../support/story.ts'

interface Outcome {
  status?: number
  /** It said that it was the last of its connection. */
  last?: boolean
  /** How a request ended that was not answered. */
  fault?: string
  /** That fault came when a part of the answer was there already. */
  torn?: boolean
}

/** A client that keeps its connections, as a proxy does, and asks again as soon as it is answered. */
function keepAsking(served: Served, connections: number, authorization: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const outcomes: Outcome[] = []
  let stopped = false
  const ask = () =>
    new Promise<Outcome>((resolve) => {
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
      const sent = request(`${served.issuer}/token`, { agent, method: 'POST', headers }, (response) => {
        response.resume()
        response.once('end', () => resolve({ status: response.statusCode ?? 0, last: response.headers.connection === 'close' }))
        response.once('error', ({ message }) => resolve({ fault: message, torn: true }))
      })
      sent.once('error', ({ code }: NodeJS.ErrnoException) => resolve({ fault: String(code) }))
      sent.end('grant_type=client_credentials&scope=notes:read')
    })
  const lanes = Array.from({ length: connections }, async () => {
    while (!stopped) {
      const outcome = await ask()
      outcomes.push(outcome)
      if (outcome.fault) break
    }
  })
  return {
    outcomes,
    async end() {
      stopped = true
      await Promise.all(lanes)
      agent.destroy()
    },
  }
}

for (const workers of [1, 2]) {
  describe(`X12: SIGTERM under load, ${workers === 1 ? 'one process' : `${workers} workers`}`, function () {
    this.timeout(120_000)
    const settings = { cluster: { workers }, refreshTokens: { windowSeconds: 60 } }
    const cache = temporaryFolder()
    let served: Served
    let again: Served
    let pending: Outcome[]
    let asked: Outcome[]
    let ended: Awaited<ReturnType<Served['stop']>>
    /** Of each chain of refreshes the last token that was acknowledged. Its successor may have been made and never told: within the window it is good all the same. */
    let chains: { last: string; length: number }[]

    before(async () => {
      served = await startServed(settings, { NODE_COMPILE_CACHE: cache })
      const who = await cast(served)
      const load = keepAsking(served, 8, basic(who.machine))
      const begun = await Promise.all(
        Array.from({ length: 24 }, async () => {
          const visitor = createVisitor(served.issuer)
          return { visitor, page: await visitor.open(authorizationUrl(served.issuer, 'web', pkce().challenge)) }
        }),
      )
      const first = await Promise.all(Array.from({ length: 4 }, () => tokensFor(served, who.native)))
      chains = first.map(({ refresh_token }) => ({ last: refresh_token as string, length: 0 }))
      const refreshing = chains.map(async (chain) => {
        while (true) {
          const answer = await refresh(served, who.native, chain.last).catch(() => undefined)
          if (!answer) return
          expect(answer.status).to.equal(200)
          chain.last = answer.body.refresh_token as string
          chain.length++
        }
      })
      // Hashes are computed one after another: when a few are answered, the others have long been handed in.
      const few = Promise.withResolvers<void>()
      let answered = 0
      const posts = begun.map(async ({ visitor, page }) => {
        const { action, body } = signInPost(page, who.email)
        const response = await visitor.fetch(action, { method: 'POST', body })
        if (++answered === 4) few.resolve()
        return { status: response.status, last: response.headers.get('connection') === 'close' }
      })
      await few.promise
      const stop = served.stop()
      pending = await Promise.all(posts)
      await Promise.all(refreshing)
      ended = await stop
      await load.end()
      asked = load.outcomes
      again = await startServed(settings, {}, served.folder)
    })
    after(() => again?.close())

    it('ends by itself, with 0', () => {
      expect(ended).to.deep.equal({ code: 0, signal: null })
    })

    it('says with its last answers that they are, so that nobody who keeps a connection is cut off later', () => {
      expect(pending.filter(({ last }) => last)).to.have.length.greaterThan(10)
      expect(asked[0]?.last).to.equal(false)
    })

    it('finishes the sign-ins whose passwords were waiting to be hashed', () => {
      expect(pending).to.have.length(24)
      expect(new Set(pending.map(({ status }) => status))).to.deep.equal(new Set([303]))
    })

    it('answers whole what it answers, and refuses nothing that it took', () => {
      expect(asked.filter(({ torn }) => torn)).to.deep.equal([])
      const answered = asked.filter(({ status }) => status !== undefined)
      expect(answered).to.have.length.greaterThan(20)
      expect(answered.filter(({ status }) => status !== 200)).to.deep.equal([])
      // What came too late found a closed door.
      for (const { fault } of asked.filter(({ status }) => status === undefined))
        expect(fault).to.be.oneOf(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'])
    })

    it('loses nothing that it acknowledged: the last refresh token of each chain is good after the next start', async () => {
      for (const { last, length } of chains) {
        expect(length).to.be.greaterThan(0)
        const { status, body } = await refresh(again, { id: 'native' }, last)
        expect(status, body.error).to.equal(200)
      }
    })

    it('writes the compile cache', () => {
      const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      expect(files.length).to.be.greaterThan(300)
    })
  })
}
